import assert from "node:assert/strict";
import { test } from "node:test";
import { change, inBytes, pairs } from "../../../../dashboard/static/recipe-comparison.js";

test("bytes are said as the server says them", () => {
  const expected = { 0: "0 B", 999: "999 B", 1000: "1.0 kB", 18_204: "18.2 kB", 999_600: "1.0 MB", 123_456_789: "123 MB" };
  for (const [bytes, words] of Object.entries(expected)) assert.equal(inBytes(Number(bytes)), words);
});

test("a change is in percent of what was", () => {
  assert.deepEqual([change(200, 100), change(100, 250), change(1000, 1001), change(0, 5)], ["−50 %", "+150 %", "the same", "–"]);
});

test("variants of one name stand side by side; those that the draft dropped come last", () => {
  const recipe = (...names) => ({ variants: names.map((name) => ({ name })) });
  const named = pairs(recipe("card", "new"), recipe("old", "card")).map(([one, other]) => [one?.name, other?.name]);
  assert.deepEqual(named, [["card", "card"], ["new", undefined], [undefined, "old"]]);
  assert.deepEqual(pairs(recipe("card"), null).map(([one, other]) => [one?.name, other]), [["card", undefined]]);
});

test("several formats of one variant stand beside the same formats", () => {
  const files = (...formats) => ({ variants: formats.map((format) => ({ name: "card", format })) });
  const formats = pairs(files("webp", "jpeg"), files("jpeg", "avif")).map(([one, other]) => [one?.format, other?.format]);
  assert.deepEqual(formats, [["webp", undefined], ["jpeg", "jpeg"], [undefined, "avif"]]);
  assert.deepEqual(pairs(files("webp"), files("jpeg")).map(([one, other]) => [one?.format, other?.format]), [["webp", "jpeg"]]);
});
