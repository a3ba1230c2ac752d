import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords, spanOf } from "../../../../dashboard/static/recipe-faults.js";

test("a fault says its line, its field and what would be right, as far as they are known", () => {
  assert.equal(inWords({ line: 4, field: "variants.box", message: "is missing" }), "Line 4: variants.box: is missing");
  assert.equal(inWords({ line: 4, field: null, message: "not valid TOML" }), "Line 4: not valid TOML");
  assert.equal(inWords({ line: null, field: null, message: "too long" }), "too long");
});

test("the line of a fault is selected whole; a line beyond the text is its last line", () => {
  const text = "first\n\nthird";
  assert.deepEqual(spanOf(text, 1), [0, 5]);
  assert.deepEqual(spanOf(text, 2), [6, 6]);
  assert.deepEqual(spanOf(text, 3), [7, 12]);
  assert.deepEqual(spanOf(text, 9), [7, 12]);
  assert.deepEqual(spanOf("", 1), [0, 0]);
});
