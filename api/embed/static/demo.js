// The page's own theme, which the iframe follows.
const loader = document.getElementById("loader");
document.getElementById("theme").addEventListener("change", (event) => {
  const theme = event.target.value;
  loader.dataset.theme = theme;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});
