/** Small things most structure tests need: a reproducible random source and bytes from text. */

/** A reproducible source of random numbers. */
export interface SeededRandom {
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** An unsigned 32-bit integer. */
  next(): number;
}

/** The mulberry32 generator: 32 bits of state, good enough to choose test operations. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return { next, below: (limit) => Math.floor(next() / 4294967296 * limit) };
}

/** The bytes whose values are the character codes of the text (0 to 255). */
export function bytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
