// @ts-check
// The zoom viewer for tiled images. Its buttons are ours, so that they have names and follow the page's looks.

const place = /** @type {HTMLElement} */ (document.getElementById("zoom"));
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

// The library would add a style sheet of its own, which the policy forbids; it looks whether one is there by this mark.
// It would take the outline of focus away.
// An element of that name that is none of HTML's, so that the browser sees no style sheet in it.
const mark = document.createElementNS("urn:pixelfleet", "style");
mark.setAttribute("data-openseadragon-mobile-css", "");
document.head.append(mark);

// The library is a classic script that runs before modules do.
const viewer = /** @type {any} */ (window).OpenSeadragon({
  element: place,
  tileSources: place.dataset.dzi,
  showNavigationControl: false,
  animationTime: calm ? 0 : 0.6,
  blendTime: calm ? 0 : 0.1,
  maxZoomPixelRatio: 2,
  visibilityRatio: 0.6,
  drawer: "canvas",
  gestureSettingsMouse: { scrollToZoom: true },
});

/** @type {Record<string, () => void>} */
const act = {
  in: () => viewer.viewport.zoomBy(1.6),
  out: () => viewer.viewport.zoomBy(1 / 1.6),
  home: () => viewer.viewport.goHome(),
  full: () => viewer.setFullScreen(!viewer.isFullPage()),
};

viewer.addOnceHandler("open", () => place.setAttribute("data-ready", ""));
place.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-zoom]") : null;
  const name = button?.getAttribute("data-zoom");
  if (!name) return;
  act[name]();
  viewer.viewport.applyConstraints();
});
