// @ts-check
// Draws ThumbHash placeholders: the format is Evan Wallace's (https://evanw.github.io/thumbhash/), the reverse of
// pixelfleet/images/thumbhash.py.

/**
 * @typedef {[number, number, number]} Term  column, row and factor of a cosine
 * @typedef {{ steady: number, terms: Term[] }} Channel
 */

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/**
 * @param {Iterator<number>} nibbles
 * @param {number} columns
 * @param {number} rows
 * @param {number} scale
 */
function termsOf(nibbles, columns, rows, scale) {
  /** @type {Term[]} */
  const terms = [];
  for (let row = 0; row < rows; row++)
    for (let column = row ? 0 : 1; column * rows < columns * (rows - row); column++)
      terms.push([column, row, (nibbles.next().value / 7.5 - 1) * scale]);
  return terms;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @returns {Generator<number>}
 */
function* nibblesOf(bytes, start) {
  for (let at = start; at < bytes.length; at++) {
    yield bytes[at] & 15;
    yield bytes[at] >> 4;
  }
}

/** The four channels of a hash. @param {Uint8Array} bytes */
function read(bytes) {
  const head = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const tail = bytes[3] | (bytes[4] << 8);
  const alpha = head >> 23;
  const landscape = tail >> 15;
  const longest = alpha ? 5 : 7;
  const columns = Math.max(3, landscape ? longest : tail & 7);
  const rows = Math.max(3, landscape ? tail & 7 : longest);
  const nibbles = nibblesOf(bytes, alpha ? 6 : 5);
  // Colour differences are stored a quarter too small by the format, so that they never overshoot.
  const light = { steady: (head & 63) / 63, terms: termsOf(nibbles, columns, rows, ((head >> 18) & 31) / 31) };
  const yellow = { steady: ((head >> 6) & 63) / 31.5 - 1, terms: termsOf(nibbles, 3, 3, (((tail >> 3) & 63) / 63) * 1.25) };
  const red = { steady: ((head >> 12) & 63) / 31.5 - 1, terms: termsOf(nibbles, 3, 3, (((tail >> 9) & 63) / 63) * 1.25) };
  const solid = alpha
    ? { steady: (bytes[5] & 15) / 15, terms: termsOf(nibbles, 5, 5, (bytes[5] >> 4) / 15) }
    : { steady: 1, terms: [] };
  return { light, yellow, red, solid };
}

/**
 * @param {Channel} channel
 * @param {number} x from 0 to 1
 * @param {number} y from 0 to 1
 */
function valueAt(channel, x, y) {
  let value = channel.steady;
  for (const [column, row, term] of channel.terms) value += 2 * term * Math.cos(Math.PI * column * x) * Math.cos(Math.PI * row * y);
  return value;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} hash base64
 */
export function draw(canvas, hash) {
  const { width, height } = canvas;
  const { light, yellow, red, solid } = read(bytesOf(hash));
  const context = canvas.getContext("2d");
  if (!context) return;
  const pixels = context.createImageData(width, height);
  for (let row = 0, at = 0; row < height; row++)
    for (let column = 0; column < width; column++, at += 4) {
      const x = (column + 0.5) / width;
      const y = (row + 0.5) / height;
      const [l, p, q] = [valueAt(light, x, y), valueAt(yellow, x, y), valueAt(red, x, y)];
      const blue = l - (2 / 3) * p;
      const r = (3 * l - blue + q) / 2;
      pixels.data.set([255 * r, 255 * (r - q), 255 * blue, 255 * valueAt(solid, x, y)], at);
    }
  context.putImageData(pixels, 0, 0);
}
