// Names that the theme leaves out, for who hears the page.
const named = () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-code__nav").forEach((one, i) => one.setAttribute("aria-label", `Code ${i + 1}`));
  document.querySelectorAll(".md-nav[aria-labelledby]").forEach((one, i) => {
    const words = document.getElementById(one.getAttribute("aria-labelledby"))?.textContent.trim() ?? "";
    one.removeAttribute("aria-labelledby");
    one.setAttribute("aria-label", `${words} (${i + 1})`);
  });
};
addEventListener("load", named);
