/** The count argument of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER, and the choice that it asks for. */

import type { Args } from "./args.ts";
import { CommandError, OUT_OF_RANGE } from "./errors.ts";

const INT64_MIN = -9223372036854775808n;
/** Beyond this, pairs of field and value would not fit a reply's count (half of a signed 64-bit long). */
const HALF_LONG = 4611686018427387903n;
const BEYOND_LONG = new CommandError(
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

/** The count in argument `i`; negative asks for repetitions. Throws Redis's range errors. */
export function randomCount(args: Args, i: number, pairs: boolean): number {
  const count = args.int64(i);
  if (count === INT64_MIN) throw BEYOND_LONG;
  if (pairs && (count < -HALF_LONG || count > HALF_LONG)) throw OUT_OF_RANGE;
  return Number(count);
}

/** Numbers that differ, in the order in which they came. */
class Distinct {
  /** Up to so many numbers, looking through a list takes less than a set does. */
  static readonly FEW = 16;

  readonly numbers: number[] = [];
  readonly #found: Set<number> | null;

  /** For so many numbers. */
  constructor(count: number) {
    this.#found = count <= Distinct.FEW ? null : new Set();
  }

  has(n: number): boolean {
    return this.#found === null ? this.numbers.includes(n) : this.#found.has(n);
  }

  /** Adds a number that is not there. */
  add(n: number): void {
    this.numbers.push(n);
    this.#found?.add(n);
  }
}

/**
 * `count` different numbers below `size` (count < size), in the order in which they were drawn. Robert Floyd's algorithm: as many
 * draws as numbers, whatever the ratio of the two.
 */
export function distinctIndexes(count: number, size: number, random: () => number): number[] {
  const chosen = new Distinct(count);
  for (let i = size - count; i < size; i++) {
    const pick = Math.floor(random() / 4294967296 * (i + 1));
    chosen.add(chosen.has(pick) ? i : pick);
  }
  return chosen.numbers;
}

/** `count` different numbers of those that `draw` gives; it must be able to give so many. */
export function drawDistinct(count: number, draw: () => number): number[] {
  const chosen = new Distinct(count);
  while (chosen.numbers.length < count) {
    const n = draw();
    if (!chosen.has(n)) chosen.add(n);
  }
  return chosen.numbers;
}
