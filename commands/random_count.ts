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

/**
 * `count` different numbers below `size` (count < size), in the order in which they were drawn. Robert Floyd's algorithm: as many
 * draws as numbers, whatever the ratio of the two.
 */
export function distinctIndexes(count: number, size: number, random: () => number): number[] {
  const chosen = new Set<number>();
  for (let i = size - count; i < size; i++) {
    const pick = Math.floor(random() / 4294967296 * (i + 1));
    chosen.add(chosen.has(pick) ? i : pick);
  }
  return [...chosen];
}
