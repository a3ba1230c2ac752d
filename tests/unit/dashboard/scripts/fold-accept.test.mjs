import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// CloudFront runs the file as a script whose function `handler` it calls.
const here = (path) => new URL(path, import.meta.url);
const code = readFileSync(here("../../../../infra/modules/cdn/fold_accept.js"), "utf8");
const handler = new Function(`${code}; return handler;`)();
const cases = JSON.parse(readFileSync(here("../../domain/accept_cases.json"), "utf8"));

/** The Accept that goes on to the dashboard. */
function sentOn(accept) {
  const request = { uri: "/v/ana/b1/a.jpg/card", headers: { host: { value: "images.example.com" }, ...(accept && { accept }) } };
  const answer = handler({ request });
  assert.equal(answer.uri, "/v/ana/b1/a.jpg/card");
  assert.deepEqual(answer.headers.host, { value: "images.example.com" });
  return answer.headers.accept.value;
}

test("the function folds Accept as the dashboard reads it", () => {
  assert.ok(cases.length > 25);
  for (const [accept, expected] of cases) assert.equal(sentOn({ value: accept }), expected, accept);
});

test("there are few values, so that an edge keeps few copies", () => {
  assert.ok(new Set(cases.map(([accept]) => sentOn({ value: accept }))).size <= 8);
});

test("without the header, and with a header that is too long, everybody's format is asked for", () => {
  assert.equal(sentOn(undefined), "image/jpeg");
  assert.equal(sentOn({ value: "image/avif," + "a".repeat(989) }), "image/avif");
  assert.equal(sentOn({ value: "image/avif," + "a".repeat(990) }), "image/jpeg");
});

test("a header in several lines is read as one", () => {
  const multiValue = [{ value: "image/avif" }, { value: "image/webp" }];
  assert.equal(sentOn({ value: "image/avif", multiValue }), "image/avif,image/webp");
});
