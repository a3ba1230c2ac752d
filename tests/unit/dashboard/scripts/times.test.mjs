import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "../../../../dashboard/static/times.js";

test("near times are relative, others are local", () => {
  const now = Date.UTC(2026, 10, 20, 12);
  const ago = (seconds) => inWords(new Date(now - seconds * 1000), now);
  assert.match(ago(5), /5 seconds ago/);
  assert.match(ago(300), /5 minutes ago/);
  assert.match(ago(7200), /2 hours ago/);
  assert.match(inWords(new Date(now + 300_000), now), /in 5 minutes/);
  assert.match(ago(3 * 86_400), /2026/);
});
