/**
 * `table.sort`. Where elements are equal, or the comparison makes no sense, the result shows the algorithm, so it is
 * PUC's: quicksort with the middle of three as pivot, the smaller part first. It is written as a generator with its
 * own stack of ranges, because the comparison may be a function of the script.
 */

import { hostError } from "./error.ts";
import type { LuaTable } from "./table.ts";
import type { LuaResult, LuaValue } from "./value.ts";

/** Whether the first comes before the second. */
export type Before = (a: LuaValue, b: LuaValue) => Generator<unknown, boolean, LuaResult>;

/** Sorts elements 1 to `n` of a table. @throws LuaError of the comparison */
export function* sortTable(table: LuaTable, n: number, before: Before): Generator<unknown, void, LuaResult> {
  const ranges = [1, n];
  while (ranges.length > 0) {
    let high = ranges.pop()!;
    let low = ranges.pop()!;
    while (low < high) {
      yield* order(table, low, high, before);
      if (high - low === 1) break;
      const middle = Math.floor((low + high) / 2);
      const pivotDone = yield* medianOfThree(table, low, middle, high, before);
      if (pivotDone) break;
      const split = yield* partition(table, low, high, before);
      // PUC recurses into the smaller part and goes on with the larger; comparisons come in that order.
      if (split - low < high - split) {
        ranges.push(split + 1, high);
        high = split - 1;
      } else {
        ranges.push(low, split - 1);
        low = split + 1;
      }
    }
  }
}

/** Exchanges the ends of a range if they are the wrong way round. */
function* order(
  table: LuaTable,
  low: number,
  high: number,
  before: Before,
): Generator<unknown, void, LuaResult> {
  const a = table.getNumber(low), b = table.getNumber(high);
  if (yield* before(b, a)) exchange(table, low, b, high, a);
}

/** Puts the middle element in order with the ends. @returns whether the three were all there is */
function* medianOfThree(
  table: LuaTable,
  low: number,
  middle: number,
  high: number,
  before: Before,
): Generator<unknown, boolean, LuaResult> {
  const a = table.getNumber(low), m = table.getNumber(middle);
  if (yield* before(m, a)) exchange(table, low, m, middle, a);
  else {
    const b = table.getNumber(high);
    if (yield* before(b, m)) exchange(table, middle, b, high, m);
  }
  if (high - low === 2) return true;
  const pivot = table.getNumber(middle), last = table.getNumber(high - 1);
  exchange(table, middle, last, high - 1, pivot);
  return false;
}

/** Divides by the pivot, which stands before the last. @returns where it ends up */
function* partition(
  table: LuaTable,
  low: number,
  high: number,
  before: Before,
): Generator<unknown, number, LuaResult> {
  const pivot = table.getNumber(high - 1);
  let i = low, j = high - 1;
  for (;;) {
    let a = table.getNumber(++i);
    while (yield* before(a, pivot)) {
      if (i > high) throw hostError("invalid order function for sorting");
      a = table.getNumber(++i);
    }
    let b = table.getNumber(--j);
    while (yield* before(pivot, b)) {
      if (j < low) throw hostError("invalid order function for sorting");
      b = table.getNumber(--j);
    }
    if (j < i) break;
    exchange(table, i, b, j, a);
  }
  exchange(table, high - 1, table.getNumber(i), i, table.getNumber(high - 1));
  return i;
}

function exchange(table: LuaTable, i: number, atI: LuaValue, j: number, atJ: LuaValue): void {
  table.setNumber(i, atI);
  table.setNumber(j, atJ);
}
