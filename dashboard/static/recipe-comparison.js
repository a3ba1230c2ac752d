// @ts-check
// The results of two recipes for one image, variant by variant, and their differences.

/** @typedef {{name: string, format: string, content_type: string, width: number, height: number, bytes: number, files: number, picture: string | null}} TriedVariant */
/** @typedef {{name: string, digest: string, milliseconds: number, bytes: number, problem: string | null, variants: TriedVariant[], lazy?: string[]}} Tried */

/** Bytes in words, as on the pages of the server. @param {number} bytes */
export function inBytes(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  let amount = bytes;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 99.95 ? amount.toFixed(0) : amount.toFixed(1)} ${units[unit]}`;
}

/** The difference of `after` from `before`, in percent. @param {number} before @param {number} after */
export function change(before, after) {
  if (!before) return "–";
  const percent = Math.round((100 * (after - before)) / before);
  if (percent === 0) return "the same";
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

/**
 * The files of a draft, each with the file of the other recipe: by name, and by format if a name has several formats.
 * The files that the draft does not have come last.
 * @param {Tried} draft
 * @param {Tried | null} current
 * @returns {[TriedVariant | undefined, TriedVariant | undefined][]}
 */
export function pairs(draft, current) {
  const sides = [draft.variants, current?.variants ?? []];
  const several = new Set(sides.flatMap((side) => side.filter((one, at) => side.findIndex(named(one)) !== at).map((one) => one.name)));
  const key = (/** @type {TriedVariant} */ one) => (several.has(one.name) ? `${one.name} ${one.format}` : one.name);
  const others = new Map(sides[1].map((variant) => [key(variant), variant]));
  const keys = new Set(draft.variants.map(key));
  /** @type {[TriedVariant | undefined, TriedVariant | undefined][]} */
  const both = draft.variants.map((variant) => [variant, others.get(key(variant))]);
  for (const [of, variant] of others) if (!keys.has(of)) both.push([undefined, variant]);
  return both;
}

/** @param {TriedVariant} one */
const named = (one) => (/** @type {TriedVariant} */ other) => other.name === one.name;
