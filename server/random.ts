/**
 * The one source of chance. Everything random takes a Random, so that a seed replays a test, and nothing else in the server calls
 * Math.random().
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018): 128 bits of
 * state, a few 32-bit operations, and it passes the tests that matter for sampling. It is no secret source: identifiers that
 * must not be guessed come from `secret()`.
 */

/** See the file comment. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  readonly #seeded: boolean;

  /** @param seed for a sequence that can be replayed; without it the sequence starts from the system's entropy */
  constructor(seed?: number) {
    this.#seeded = seed !== undefined;
    const state = seed === undefined ? crypto.getRandomValues(new Uint32Array(4)) : expandSeed(seed);
    [this.#a, this.#b, this.#c, this.#d] = state as unknown as [number, number, number, number];
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1; // the one state that never leaves itself
  }

  /** An unsigned 32-bit integer. Bound, so that it can be handed on as a function. */
  readonly u32 = (): number => {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  };

  /** A number from 0 up to, not including, 1, with 53 random bits. */
  float(): number {
    const high = this.u32() >>> 5;
    return (high * 67108864 + (this.u32() >>> 6)) / 9007199254740992;
  }

  /** A whole number from 0 up to, not including, `limit` (1 to 2^53). */
  below(limit: number): number {
    return limit <= 65536 ? Math.floor(this.u32() / 4294967296 * limit) : Math.floor(this.float() * limit);
  }

  /** Bytes that nobody can guess; with a seed: bytes of the sequence. */
  secret(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (!this.#seeded) {
      for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    } else {
      for (let i = 0; i < length; i++) bytes[i] = this.u32() >>> 24;
    }
    return bytes;
  }

  /** Hexadecimal digits that nobody can guess: run ids, replication ids, generated passwords. */
  secretHex(digits: number): string {
    let text = "";
    for (const byte of this.secret((digits + 1) >> 1)) text += byte.toString(16).padStart(2, "0");
    return text.slice(0, digits);
  }
}

/** Four words of state from one number, by the splitmix32 mixer. */
function expandSeed(seed: number): Uint32Array {
  let state = seed >>> 0;
  return new Uint32Array(4).map(() => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return word ^ (word >>> 16);
  });
}
