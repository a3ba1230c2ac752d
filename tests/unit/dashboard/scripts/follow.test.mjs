import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_WAIT, Follower, LONGEST_WAIT } from "../../../../dashboard/static/follow.js";

/** A browser with a clock that only `run` moves. */
function browser() {
  const timers = [];
  const streams = [];
  const lost = [];
  let now = 0;
  const open = (address) => {
    const stream = { address, closed: false, act: () => {}, onopen: null, onerror: null };
    stream.addEventListener = (_, act) => (stream.act = act);
    stream.close = () => (stream.closed = true);
    stream.say = (topic, state, settled = false) => stream.act({ data: JSON.stringify({ topic, state, settled }) });
    streams.push(stream);
    return stream;
  };
  const later = (act, milliseconds) => {
    const timer = { at: now + milliseconds, act };
    timers.push(timer);
    return () => timers.includes(timer) && timers.splice(timers.indexOf(timer), 1);
  };
  const run = (milliseconds) => {
    const until = now + milliseconds;
    for (;;) {
      const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = next.at;
      timers.splice(timers.indexOf(next), 1);
      next.act();
    }
    now = until;
  };
  const follower = new Follower({ open, later, random: () => 1, onLost: (isLost, n) => lost.push([isLost, n]) });
  const live = () => streams.filter((stream) => !stream.closed);
  return { follower, run, streams, live, lost };
}

test("several topics of a page share one stream", () => {
  const { follower, run, live } = browser();
  follower.follow("image:a", () => {});
  follower.follow("image:b", () => {});
  run(1000);
  assert.deepEqual(live().map((stream) => stream.address), ["/events?follow=image%3Aa&follow=image%3Ab"]);
});

test("a stream that fails is opened again, later each time, and at once after a success", () => {
  const { follower, run, streams, live, lost } = browser();
  const seen = [];
  follower.follow("batch:ana/b", (state) => seen.push(state.ready));
  run(100);
  for (let failure = 0; failure < 12; failure++) {
    const before = streams.length;
    live()[0].onerror();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failure);
    run(wait - 1);
    assert.equal(streams.length, before, `not before ${wait} ms`);
    run(2);
    assert.equal(live().length, 1);
  }
  live()[0].say("batch:ana/b", { ready: 3 });
  assert.deepEqual(seen, [3]);
  live()[0].onerror();
  run(FIRST_WAIT + 1);
  assert.equal(live().length, 1);
  assert.deepEqual(lost.at(-1), [true, 1]);
});

test("a state that was seen before the break is not told twice", () => {
  const { follower, run, live } = browser();
  const seen = [];
  follower.follow("image:a", (state) => seen.push(state.status));
  run(100);
  live()[0].say("image:a", { status: "processing" });
  live()[0].onerror();
  run(1000);
  live()[0].say("image:a", { status: "processing" });
  live()[0].say("image:a", { status: "ready" }, true);
  assert.deepEqual(seen, ["processing", "ready"]);
});

test("the stream ends when everything is settled, and a second upload is followed", () => {
  const { follower, run, live } = browser();
  const seen = [];
  follower.follow("batch:ana/b", (state, settled) => seen.push([state.ready, settled]), { held: true });
  run(100);
  live()[0].say("batch:ana/b", { ready: 1 }, true);
  run(100);
  assert.equal(live().length, 1, "held: the page uploads");
  follower.release("batch:ana/b");
  run(100);
  live()[0].say("batch:ana/b", { ready: 1 }, true);
  run(100);
  assert.equal(live().length, 0);
  follower.follow("batch:ana/b", () => {}, { held: true });
  run(100);
  live()[0].say("batch:ana/b", { ready: 2 });
  assert.deepEqual(seen.at(-1), [2, false]);
});

test("out of sight there is no stream, and back in sight or on the network there is one at once", () => {
  const { follower, run, live } = browser();
  follower.follow("fleet", () => {});
  run(100);
  follower.pause();
  assert.equal(live().length, 0);
  run(100_000);
  assert.equal(live().length, 0);
  follower.resume();
  run(0);
  assert.equal(live().length, 1);
});

test("a stream that the server ends after the last change is not opened again", () => {
  const { follower, run, live, streams, lost } = browser();
  follower.follow("image:a", () => {});
  run(100);
  live()[0].say("image:a", { status: "ready" }, true);
  streams[0].onerror();
  run(100_000);
  assert.deepEqual([live().length, lost.length], [0, 0]);
});
