import assert from "node:assert/strict";
import { test } from "node:test";

import { area, BINS, histogram, scale } from "../../../../dashboard/static/histogram.js";

test("each channel is counted, and what is transparent is not", () => {
  const [red, green, blue] = histogram([255, 0, 7, 255, 255, 1, 7, 128, 9, 9, 9, 0]);
  assert.equal(red[255], 2);
  assert.deepEqual([green[0], green[1], green[9]], [1, 1, 0]);
  assert.equal(blue[7], 2);
  assert.equal([...red, ...green, ...blue].reduce((sum, count) => sum + count, 0), 6);
});

test("the area begins and ends on the ground and stays within its box", () => {
  const counts = new Array(BINS).fill(0);
  counts[0] = 4;
  counts[255] = 400;
  const path = area(counts, 8, 255, 100);
  assert.ok(path.startsWith("M0 100 L0.0 50.0 L1.0 100.0"));
  assert.ok(path.endsWith("L255.0 0.0 L255 100 Z"));
});

test("one value far above the rest does not flatten the others, and nothing at all is no error", () => {
  const counts = new Array(BINS).fill(10);
  counts[255] = 1_000_000;
  assert.equal(scale([counts, counts, counts]), 10);
  assert.equal(scale(histogram([])), 0);
  assert.ok(!area(histogram([])[0], 0, 100, 10).includes("NaN"));
});
