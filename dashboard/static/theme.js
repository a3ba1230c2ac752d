// @ts-check
// Before anything is drawn: sets the theme that was chosen in this browser. Without a choice, the system's applies.
const chosenTheme = localStorage.getItem("theme");
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;
