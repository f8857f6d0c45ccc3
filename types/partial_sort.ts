/**
 * Sorting only as much of an array as will be shown.
 *
 * SORT ... LIMIT and GEOSEARCH ... COUNT show a few of many elements, in order. This is the quicksort of Bentley and
 * McIlroy ("Engineering a Sort Function", 1993) that skips partitions outside of the wanted positions. It is this
 * algorithm and no other because it is not stable: which of several equal elements come first follows from its steps,
 * and clients of redis-server see that order.
 */

/** Negative, 0 or positive, as Array.prototype.sort takes it. */
export type Compare<T> = (a: T, b: T) => number;

/** Below this many elements insertion is faster than partitioning. */
const INSERTION_LIMIT = 7;
/** From here on the pivot is the median of three medians. */
const NINTHER_LIMIT = 40;

/**
 * Puts the elements of the positions `first` to `last` (both included) in their places. Elements outside are left in
 * any order, but on their side of them.
 */
export function partialSort<T>(items: T[], compare: Compare<T>, first: number, last: number): void {
  sortRange(items, 0, items.length, compare, first, last);
}

/** `[from, to)`, as far as it overlaps the wanted positions. */
function sortRange<T>(
  items: T[],
  from: number,
  to: number,
  compare: Compare<T>,
  first: number,
  last: number,
): void {
  while (to - from > 1 && from <= last && to > first) {
    if (to - from < INSERTION_LIMIT) return insertionSort(items, from, to, compare);
    swap(items, from, pivotOf(items, from, to, compare));
    const [less, greater] = partition(items, from, to, compare);
    // The order of the two halves does not matter; the smaller one first keeps the recursion shallow.
    const below = from + less;
    const above = to - greater;
    if (less < greater) {
      sortRange(items, from, below, compare, first, last);
      from = above;
    } else {
      sortRange(items, above, to, compare, first, last);
      to = below;
    }
  }
}

function insertionSort<T>(items: T[], from: number, to: number, compare: Compare<T>): void {
  for (let i = from + 1; i < to; i++) {
    for (let j = i; j > from && compare(items[j - 1]!, items[j]!) > 0; j--) swap(items, j, j - 1);
  }
}

/** Position of the element to divide by: the middle, a median of three, or a median of three medians. */
function pivotOf<T>(items: T[], from: number, to: number, compare: Compare<T>): number {
  const size = to - from;
  let middle = from + (size >> 1);
  if (size > INSERTION_LIMIT) {
    let low = from;
    let high = to - 1;
    if (size > NINTHER_LIMIT) {
      const step = size >> 3;
      low = median(items, low, low + step, low + 2 * step, compare);
      middle = median(items, middle - step, middle, middle + step, compare);
      high = median(items, high - 2 * step, high - step, high, compare);
    }
    middle = median(items, low, middle, high, compare);
  }
  return middle;
}

function median<T>(items: T[], a: number, b: number, c: number, compare: Compare<T>): number {
  const x = items[a]!, y = items[b]!, z = items[c]!;
  if (compare(x, y) < 0) return compare(y, z) < 0 ? b : compare(x, z) < 0 ? c : a;
  return compare(y, z) > 0 ? b : compare(x, z) < 0 ? a : c;
}

/**
 * Divides by the element at `from`: smaller ones to the front, equal ones to the middle, larger ones to the back.
 * Returns how many are smaller and how many are larger.
 */
function partition<T>(items: T[], from: number, to: number, compare: Compare<T>): [number, number] {
  // Equal elements gather at both ends first: [from, equalLow) and (equalHigh, to).
  let equalLow = from + 1;
  let low = from + 1;
  let high = to - 1;
  let equalHigh = to - 1;
  for (;;) {
    let order: number;
    while (low <= high && (order = compare(items[low]!, items[from]!)) <= 0) {
      if (order === 0) swap(items, equalLow++, low);
      low++;
    }
    while (low <= high && (order = compare(items[high]!, items[from]!)) >= 0) {
      if (order === 0) swap(items, high, equalHigh--);
      high--;
    }
    if (low > high) break;
    swap(items, low++, high--);
  }
  const less = low - equalLow;
  const greater = equalHigh - high;
  swapRuns(items, from, low, Math.min(equalLow - from, less));
  swapRuns(items, low, to, Math.min(greater, to - equalHigh - 1));
  return [less, greater];
}

/** Exchanges the `count` elements from `a` on with the `count` elements before `bEnd`. */
function swapRuns<T>(items: T[], a: number, bEnd: number, count: number): void {
  for (let i = 0; i < count; i++) swap(items, a + i, bEnd - count + i);
}

function swap<T>(items: T[], a: number, b: number): void {
  const kept = items[a]!;
  items[a] = items[b]!;
  items[b] = kept;
}
