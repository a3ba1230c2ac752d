// @ts-check
// Before anything is drawn: the theme that was chosen in this browser. Without a choice it is the system's.
const chosenTheme = localStorage.getItem("theme");
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;
