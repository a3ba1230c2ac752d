// @ts-check
// Sets the theme that was chosen in this browser, before anything is drawn. Without a choice, the system's theme applies.
const chosenTheme = localStorage.getItem("theme");
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;
