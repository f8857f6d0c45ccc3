/**
 * The one source of time. Everything that asks for the time gets a Clock, so that a test can hold time still, move it by a
 * millisecond or set it back, and nothing else in the server calls Date.now() or performance.now().
 */

/** Wall time for expiry and logs, monotonic time for durations. */
export interface Clock {
  /** Unix time in whole milliseconds. May jump when somebody sets the system's clock. */
  wallMs(): number;
  /** Unix time in whole microseconds, consistent with `wallMs`. */
  wallUs(): number;
  /** Milliseconds since some moment, with a fraction; never runs backwards. */
  monoMs(): number;
  /** The same in whole microseconds. */
  monoUs(): number;
  /** Does nothing for so many milliseconds, and lets nobody else do anything (DEBUG SLEEP). */
  sleep(ms: number): void;
}

/** The system's time. */
class SystemClock implements Clock {
  /** Milliseconds between the monotonic clock and Unix time, as far as known. */
  #offset = 0;

  wallMs(): number {
    return Date.now();
  }

  wallUs(): number {
    // The system's time comes in milliseconds only; the monotonic clock has the digits below. The two drift apart, and the
    // wall clock can be set, so the sum is kept within the present millisecond: it never runs back for less than that.
    const mono = performance.now();
    const wall = Date.now();
    const exact = Math.min(Math.max(mono + this.#offset, wall), wall + 0.999);
    this.#offset = exact - mono;
    return Math.trunc(exact * 1000);
  }

  monoMs(): number {
    return performance.now();
  }

  monoUs(): number {
    return Math.trunc(performance.now() * 1000);
  }

  sleep(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }
}

/** The clock of this machine. */
export const systemClock: Clock = new SystemClock();

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #wallUs: number;
  #monoUs = 0;

  /** @param wallMs Unix time at the start, milliseconds */
  constructor(wallMs = 1_700_000_000_000) {
    this.#wallUs = wallMs * 1000;
  }

  wallMs(): number {
    return Math.trunc(this.#wallUs / 1000);
  }

  wallUs(): number {
    return this.#wallUs;
  }

  monoMs(): number {
    return this.#monoUs / 1000;
  }

  monoUs(): number {
    return this.#monoUs;
  }

  sleep(ms: number): void {
    this.advance(ms);
  }

  /** Lets `ms` milliseconds pass (fractions down to a microsecond). Time does not run backwards: `ms` is 0 or more. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`time cannot pass by ${ms} ms`);
    const us = Math.round(ms * 1000);
    this.#wallUs += us;
    this.#monoUs += us;
  }

  /** Sets the wall clock, as an administrator would; monotonic time does not notice. */
  setWall(ms: number): void {
    this.#wallUs = Math.round(ms * 1000);
  }
}
