import assert from "node:assert/strict";
import { test } from "node:test";

// Nine hours ahead of UTC. The formatters take the zone of their first use.
process.env.TZ = "Asia/Tokyo";
const { dayInWords, inWords } = await import("../../../../dashboard/static/times.js");

test("near times are relative, others are local", () => {
  const now = Date.UTC(2026, 10, 20, 12);
  const ago = (seconds) => inWords(new Date(now - seconds * 1000), now);
  assert.match(ago(5), /5 seconds ago/);
  assert.match(ago(300), /5 minutes ago/);
  assert.match(ago(7200), /2 hours ago/);
  assert.match(inWords(new Date(now + 300_000), now), /in 5 minutes/);
  assert.match(ago(3 * 86_400), /2026/);
});

test("the heading of a day is the day in UTC by which a list is grouped, in every time zone", () => {
  assert.equal(new Date("2026-11-26T23:30:00Z").getDate(), 27);
  assert.match(dayInWords(new Date("2026-11-26T23:30:00Z")), /\b26\b/);
});
