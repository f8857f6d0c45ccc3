/**
 * A histogram of durations whose error is below one percent whatever their size, in a fixed number of counters.
 *
 * Why this form: INFO latencystats and LATENCY HISTOGRAM show values that are edges of buckets, so to show the same
 * ones the buckets must be the same: those of an HDR histogram (Gil Tene, hdrhistogram.org) of two significant digits
 * over 1 ns to 1 s. Values up to 255 have a bucket each; every doubling beyond has 128.
 */

/** Largest value that is told apart, nanoseconds. */
const MAX_VALUE = 1_000_000_000;
/** Binary digits of the values that have buckets of their own. */
const EXACT_BITS = 8;
const HALF = 1 << (EXACT_BITS - 1);
/** Doublings from 256 until MAX_VALUE is covered, and the exact range. */
const RANGES = 23;

/** Counts of durations in nanoseconds. */
export class Histogram {
  /** Durations recorded. */
  total = 0;
  readonly #counts = new Float64Array((RANGES + 1) * HALF);

  /** Records a duration in nanoseconds, so many times; what is below 1 or above 1 s counts as the nearest of these. */
  record(ns: number, times = 1): void {
    const value = ns < 1 ? 1 : ns > MAX_VALUE ? MAX_VALUE : ns | 0;
    this.#counts[bucketOf(value)]! += times;
    this.total += times;
  }

  /** The value, in nanoseconds, that `percent` (0 to 100) of the durations do not exceed: its bucket's upper edge. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.floor(percent / 100 * this.total + 0.5));
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]!;
      if (seen >= wanted) return percent === 0 ? lowerEdge(i) : upperEdge(i);
    }
    return 0; // nothing was recorded
  }

  /**
   * Calls back for 1.024 us and each doubling of it up to the largest duration recorded: with the upper edge of the
   * bucket it falls into (ns) and how many durations are not above that. Steps that add nothing are left out.
   */
  cumulative(visit: (edge: number, count: number) => void): void {
    let seen = 0;
    let i = 0;
    for (let level = 1024; seen < this.total; level *= 2) {
      const last = Math.min(bucketOf(level), this.#counts.length - 1);
      const before = seen;
      for (; i <= last; i++) seen += this.#counts[i]!;
      if (seen > before) visit(upperEdge(last), seen);
    }
  }
}

/** Number of the bucket of a value (an integer from 1 to 2^31 - 1). */
function bucketOf(value: number): number {
  const range = 32 - EXACT_BITS - Math.clz32(value | (HALF * 2 - 1));
  return range * HALF + (value >> range);
}

function lowerEdge(bucket: number): number {
  if (bucket < 2 * HALF) return bucket;
  const range = (bucket >> (EXACT_BITS - 1)) - 1;
  return (bucket - range * HALF) * 2 ** range;
}

function upperEdge(bucket: number): number {
  if (bucket < 2 * HALF) return bucket;
  const range = (bucket >> (EXACT_BITS - 1)) - 1;
  return lowerEdge(bucket) + 2 ** range - 1;
}
