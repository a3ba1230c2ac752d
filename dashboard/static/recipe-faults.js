// @ts-check
// The faults of a recipe's text, in words, and their places in the text.

/** @typedef {{line: number | null, field: string | null, message: string}} Fault */

/** A fault in words, as on the command line. @param {Fault} fault */
export function inWords({ line, field, message }) {
  const where = [line === null ? "" : `Line ${line}`, field ?? ""].filter(Boolean).join(": ");
  return where ? `${where}: ${message}` : message;
}

/**
 * Where a line begins and ends in a text, as positions of characters. A line beyond the text is its last line.
 * @param {string} text
 * @param {number} line from 1
 * @returns {[number, number]}
 */
export function spanOf(text, line) {
  let start = 0;
  for (let number = 1; number < line; number += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) break;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return [start, end < 0 ? text.length : end];
}
