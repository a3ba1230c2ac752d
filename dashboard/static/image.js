// @ts-check
// The image page: previous and next of the list that it was opened from, variants in place, full screen.

const stage = /** @type {HTMLElement} */ (document.querySelector(".stage"));
const walk = document.getElementById("walk");
const here = location.pathname.split("/").pop() ?? "";

/** @param {string} key */
function link(key) {
  return /** @type {HTMLAnchorElement | null} */ (walk?.querySelector(`[data-walk=${key}]`) ?? null);
}

function walkable() {
  /** @type {{ids: string[], address: string}} */
  const list = JSON.parse(sessionStorage.getItem("list") ?? '{"ids": [], "address": "/"}');
  const at = list.ids.indexOf(here);
  if (at < 0 || !walk) return;
  walk.hidden = false;
  const neighbours = { previous: list.ids[at - 1], next: list.ids[at + 1] };
  for (const [key, id] of Object.entries(neighbours)) {
    const to = link(key);
    if (!to) continue;
    if (id) to.href = `/images/${id}`;
    else to.removeAttribute("href");
  }
  const back = link("list");
  if (back) back.href = list.address;
  const place = walk.querySelector("[data-place]");
  if (place) place.textContent = `${at + 1} of ${list.ids.length}`;
}

/** @param {string} key */
const go = (key) => link(key)?.href && location.assign(link(key)?.href ?? "");

walkable();
addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, select, textarea, [role=application], .zoom *")) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "ArrowLeft") go("previous");
  else if (event.key === "ArrowRight") go("next");
  else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : stage.querySelector("figure")?.requestFullscreen();
});

// A swipe to the side, on a picture that nothing else moves.
let from = 0;
stage.addEventListener("touchstart", (event) => (from = event.touches.length === 1 ? event.touches[0].clientX : 0), { passive: true });
stage.addEventListener("touchend", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const by = event.changedTouches[0].clientX - from;
  if (from && Math.abs(by) > 80 && !target.closest(".compare, .zoom, .scroll")) go(by > 0 ? "previous" : "next");
});

// --- variants in place

for (const button of document.querySelectorAll("[data-show]"))
  button.addEventListener("click", () => {
    const { show, width, height, name } = /** @type {HTMLElement} */ (button).dataset;
    const figure = document.createElement("figure");
    figure.className = "single";
    const image = document.createElement("img");
    Object.assign(image, { src: show, alt: name, width: Number(width), height: Number(height) });
    figure.append(image);
    const old = stage.querySelector("figure, .zoom, .blank");
    if (old) old.replaceWith(figure);
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    figure.scrollIntoView({ block: "nearest" });
  });
