// @ts-check
// The zoom viewer for tiled images. Its buttons are defined here, so that they have names and the style of the page.

const place = /** @type {HTMLElement} */ (document.getElementById("zoom"));
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

// The library would add its own style sheet, which the policy forbids and which would remove the outline of focus.
// The library adds no style sheet if an element with this mark exists. The element is not an HTML element, so that the
// browser does not read it as a style sheet.
const mark = document.createElementNS("urn:pixelfleet", "style");
mark.setAttribute("data-openseadragon-mobile-css", "");
document.head.append(mark);

// The library is a classic script, which runs before modules.
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
