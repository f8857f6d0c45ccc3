/** The clocks. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ManualClock, systemClock } from "../../server/clock.ts";

Deno.test("a manual clock moves only when told, and setting it does not touch monotonic time", () => {
  const clock = new ManualClock(1000);
  assertEquals([clock.wallMs(), clock.wallUs(), clock.monoMs(), clock.monoUs()], [1000, 1_000_000, 0, 0]);
  clock.advance(1.5);
  assertEquals([clock.wallMs(), clock.wallUs(), clock.monoMs(), clock.monoUs()], [
    1001,
    1_001_500,
    1.5,
    1500,
  ]);
  clock.setWall(5);
  assertEquals([clock.wallMs(), clock.monoMs()], [5, 1.5]);
  assertThrows(() => clock.advance(-1), RangeError);
});

Deno.test("the system's microseconds agree with its milliseconds, and monotonic time does not run backwards", () => {
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const before = systemClock.wallMs();
    const us = systemClock.wallUs();
    const after = systemClock.wallMs();
    assert(Number.isInteger(us));
    // Only a step of the system's clock between the readings could break this.
    assert(us >= before * 1000 && us < (after + 1) * 1000, `${before} ${us} ${after}`);
    const mono = systemClock.monoUs();
    assert(Number.isInteger(mono) && mono >= last);
    last = mono;
  }
});
