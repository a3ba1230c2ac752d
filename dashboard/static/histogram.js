// @ts-check
// The histogram of a picture: the number of pixels with each of 256 values, for red, green and blue.

export const BINS = 256;

/**
 * Counts of each value by channel; invisible pixels do not count.
 * @param {ArrayLike<number>} rgba four bytes a pixel
 * @returns {number[][]}
 */
export function histogram(rgba) {
  const counts = [0, 1, 2].map(() => new Array(BINS).fill(0));
  for (let at = 0; at + 3 < rgba.length; at += 4) {
    if (rgba[at + 3] === 0) continue;
    for (let channel = 0; channel < 3; channel += 1) counts[channel][rgba[at + channel]] += 1;
  }
  return counts;
}

/**
 * A path over the counts, `width` by `height`. The highest bar of all channels has the full height; a single value that
 * is far above the rest, such as that of a white background, is cut off.
 * @param {number[]} counts @param {number} highest @param {number} width @param {number} height
 */
export function area(counts, highest, width, height) {
  const step = width / (BINS - 1);
  const points = counts.map((count, value) => {
    const y = height - height * Math.min(1, highest ? count / highest : 0);
    return `${(value * step).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M0 ${height} L${points.join(" L")} L${width} ${height} Z`;
}

/** The height that fits the bars: the highest but for the outermost hundredth of them. @param {number[][]} channels */
export function scale(channels) {
  const all = channels.flat().sort((a, b) => a - b);
  return all[Math.floor(all.length * 0.99)] || all[all.length - 1] || 0;
}
