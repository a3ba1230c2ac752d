// @ts-check
// What two recipes made of one image, variant by variant, and how much more or less it is.

/** @typedef {{name: string, format: string, content_type: string, width: number, height: number, bytes: number, files: number, picture: string | null}} TriedVariant */
/** @typedef {{name: string, digest: string, milliseconds: number, bytes: number, problem: string | null, variants: TriedVariant[]}} Tried */

/** Bytes in words, as the pages of the server say them. @param {number} bytes */
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

/** How much more or less `after` is, in percent. @param {number} before @param {number} after */
export function change(before, after) {
  if (!before) return "–";
  const percent = Math.round((100 * (after - before)) / before);
  if (percent === 0) return "the same";
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

/**
 * The variants of a draft with those of the same name of the other recipe, then those that the draft no longer has.
 * @param {Tried} draft
 * @param {Tried | null} current
 * @returns {[TriedVariant | undefined, TriedVariant | undefined][]}
 */
export function pairs(draft, current) {
  const others = new Map((current?.variants ?? []).map((variant) => [variant.name, variant]));
  const names = new Set(draft.variants.map((variant) => variant.name));
  /** @type {[TriedVariant | undefined, TriedVariant | undefined][]} */
  const both = draft.variants.map((variant) => [variant, others.get(variant.name)]);
  for (const variant of others.values()) if (!names.has(variant.name)) both.push([undefined, variant]);
  return both;
}
