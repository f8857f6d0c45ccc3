/**
 * The random source of tests: the same seed gives the same operations on every machine. TOY_REDIS_SEED=n (0 if unset) gives all
 * tests other ones.
 */

const shift = Number(Deno.env.get("TOY_REDIS_SEED") ?? 0) * 1_000_003;

/** A reproducible source of random numbers. */
export interface SeededRandom {
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** An unsigned 32-bit integer. */
  next(): number;
}

/** The mulberry32 generator: 32 bits of state, good enough to choose test operations. */
export function seededRandom(seed: number): SeededRandom {
  let state = (seed + shift) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return { next, below: (limit) => Math.floor(next() / 4294967296 * limit) };
}
