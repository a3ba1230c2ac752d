// @ts-check
// Line charts on one shared time axis: a y-axis, and values under the pointer or, with the arrow keys, under the cursor.

/**
 * @typedef {{name: string, values: (number | null)[]}} Line
 * @typedef {{title: string, unit: string, lines: Line[]}} Chart
 * @typedef {{start: number, step: number, steps: number}} Axis milliseconds since the epoch, milliseconds, and a number
 */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 132;
const LEFT = 46;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

/** The next of 1, 2, 5 times a power of ten; 1 for nothing. @param {number} value */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const part = [1, 2, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return part * power;
}

/** @param {number} value */
export function short(value) {
  if (value >= 10_000) return `${+(value / 1000).toPrecision(3)}k`;
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}

/**
 * Steps with a label on the axis: round times of the day, as many as fit.
 * @param {Axis} axis @param {number} room how many labels fit
 */
export function labelled(axis, room) {
  const minute = 60_000;
  const span = axis.step * axis.steps;
  const distances = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((one) => one * minute);
  const distance = distances.find((one) => span / one <= room) ?? span;
  // Round in local time, as on clocks.
  const offset = new Date(axis.start).getTimezoneOffset() * minute;
  const first = Math.ceil((axis.start - offset) / distance) * distance + offset;
  const at = [];
  for (let time = first; time < axis.start + span; time += distance) at.push(time);
  return at;
}

/** A path through the known values, broken at unknown values. @param {(number | null)[]} values */
export function pathOf(values, x = (/** @type {number} */ n) => n, y = (/** @type {number} */ v) => v) {
  let path = "";
  let open = false;
  values.forEach((value, number) => {
    if (value === null || value === undefined) open = false;
    else {
      path += `${open ? "L" : "M"}${x(number).toFixed(1)},${y(value).toFixed(1)}`;
      if (!open && (values[number + 1] ?? null) === null) path += "h0.1";
      open = true;
    }
  });
  return path;
}

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export class Charts {
  /** @type {{chart: Chart, figure: HTMLElement, svg: SVGElement, read: HTMLElement}[]} */
  #drawn = [];
  /** @type {Axis} */
  #axis = { start: 0, step: 1, steps: 1 };
  #at = -1;
  #place;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    new ResizeObserver(() => this.#draw()).observe(place);
    place.addEventListener("pointermove", (event) => this.#point(event));
    place.addEventListener("pointerleave", () => this.#mark(-1));
    place.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("focusout", () => this.#mark(-1));
  }

  /** @param {Axis} axis @param {Chart[]} charts */
  show(axis, charts) {
    this.#axis = axis;
    const names = JSON.stringify(charts.map((chart) => [chart.title, chart.lines.map((line) => line.name)]));
    if (this.#place.dataset.names === names) this.#drawn.forEach((one, number) => (one.chart = charts[number]));
    else {
      this.#place.dataset.names = names;
      this.#place.replaceChildren();
      this.#drawn = charts.map((chart) => this.#figure(chart));
    }
    this.#draw();
  }

  /** @param {Chart} chart */
  #figure(chart) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const title = document.createElement("b");
    title.textContent = chart.title;
    const read = document.createElement("span");
    read.className = "read";
    caption.append(title, read);
    const svg = element("svg", { class: "chart", role: "img", tabindex: 0 });
    figure.append(caption, svg);
    this.#place.append(figure);
    return { chart, figure, svg: /** @type {SVGElement} */ (svg), read };
  }

  #width() {
    return Math.max(200, this.#drawn[0]?.svg.clientWidth ?? 0);
  }

  #x(/** @type {number} */ number) {
    return LEFT + (number * (this.#width() - LEFT - RIGHT)) / Math.max(this.#axis.steps - 1, 1);
  }

  #draw() {
    const width = this.#width();
    const { start, step } = this.#axis;
    for (const { chart, svg } of this.#drawn) {
      const known = chart.lines.flatMap((line) => line.values.filter((value) => value !== null));
      // The axis of whole numbers has no halves.
      const top = Math.max(chart.unit === "/s" ? 0 : 2, roundUp(Math.max(0, .../** @type {number[]} */ (known))));
      const y = (/** @type {number} */ value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      svg.setAttribute("aria-label", `${chart.title}: ${spoken(chart)}; the axis ends at ${short(top)}`);
      const parts = [];
      for (const value of [0, top / 2, top]) {
        parts.push(element("path", { class: "grid", d: `M${LEFT},${y(value).toFixed(1)}H${width - RIGHT}` }));
        parts.push(element("text", { class: "y", x: LEFT - 6, y: y(value) + 4 }, short(value)));
      }
      for (const time of labelled(this.#axis, (width - LEFT) / 72)) {
        const x = this.#x((time - start) / step);
        if (x < LEFT + 14 || x > width - 20) continue;
        parts.push(element("path", { class: "grid", d: `M${x.toFixed(1)},${HEIGHT - BOTTOM}v4` }));
        parts.push(element("text", { class: "x", x: x.toFixed(1), y: HEIGHT - 5 }, clock.format(time)));
      }
      chart.lines.forEach((line, number) =>
        parts.push(element("path", { class: `line line-${line.name}`, d: pathOf(line.values, (n) => this.#x(n), y) })),
      );
      parts.push(element("path", { class: "cursor", d: `M0,${TOP}V${HEIGHT - BOTTOM}`, visibility: "hidden" }));
      svg.replaceChildren(...parts);
    }
    this.#mark(this.#at);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const svg = /** @type {Element} */ (event.target).closest?.("svg.chart");
    if (!svg) return;
    const box = svg.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    this.#mark(Math.round(Math.min(1, Math.max(0, share)) * (this.#axis.steps - 1)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const from = this.#at < 0 ? this.#axis.steps - 1 : this.#at;
    this.#mark(Math.min(this.#axis.steps - 1, Math.max(0, from + by)));
  }

  /** Every chart shows its values at the same moment. @param {number} at a step, or -1 for the present */
  #mark(at) {
    this.#at = at;
    const { start, step, steps } = this.#axis;
    for (const { chart, svg, read } of this.#drawn) {
      const cursor = svg.querySelector(".cursor");
      cursor?.setAttribute("visibility", at < 0 ? "hidden" : "visible");
      if (at >= 0) cursor?.setAttribute("transform", `translate(${this.#x(at).toFixed(1)},0)`);
      const number = at < 0 ? steps - 1 : at;
      read.replaceChildren(
        ...chart.lines.map((line) => {
          const label = document.createElement("span");
          label.className = `key line-${line.name}`;
          const value = line.values[number] ?? null;
          label.textContent = `${line.name} ${value === null ? "–" : short(value)}${value === null ? "" : chart.unit}`;
          return label;
        }),
        ...(at < 0 ? [] : [document.createTextNode(exact.format(start + number * step))]),
      );
    }
  }
}

/** @param {Chart} chart */
function spoken(chart) {
  return chart.lines.map((line) => `${line.name} now ${line.values.at(-1) ?? "unknown"}${chart.unit}`).join(", ");
}
