import assert from "node:assert/strict";
import { test } from "node:test";
import { labelled, pathOf, roundUp, short } from "../../../../dashboard/static/charts.js";

test("the upper edge is a round number", () => {
  const cases = [[0, 1], [0.3, 0.5], [1, 1], [1.1, 2], [3, 5], [7, 10], [480, 500], [1000, 1000]];
  for (const [value, top] of cases) assert.ok(Math.abs(roundUp(value) - top) < 1e-9, `${value}: ${roundUp(value)}`);
});

test("values are short", () => {
  assert.deepEqual([0, 0.5, 12, 12.34, 480.4, 12_345].map(short), ["0", "0.50", "12", "12", "480", "12.3k"]);
});

test("what is unknown breaks the line, and a lone value is seen", () => {
  assert.equal(pathOf([1, 2, null, 3]), "M0.0,1.0L1.0,2.0M3.0,3.0h0.1");
  assert.equal(pathOf([null, null]), "");
});

test("the axis is labelled at round times, no more than there is room for", () => {
  const minute = 60_000;
  const start = Date.UTC(2026, 10, 20, 8, 3);
  const hour = labelled({ start, step: 30_000, steps: 120 }, 7);
  assert.deepEqual(hour.map((time) => (time / minute) % 10), [0, 0, 0, 0, 0, 0]);
  assert.ok(labelled({ start, step: 600_000, steps: 144 }, 9).length <= 9);
});
