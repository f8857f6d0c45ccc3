/**
 * The generator behind `math.random` in Redis: POSIX's 48-bit linear congruential one (`lrand48`), so that a script
 * that seeds it draws the same numbers on every server. The state is two halves of 24 bits, as products must stay below 2^53.
 * A server has one for all its scripts and functions, which nothing but math.randomseed sets back; where it starts is POSIX's
 * choice too, so the first numbers of a fresh server are the same everywhere.
 */

const HALF = 0x1000000;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 0xb;

/** See the file comment. */
export class Random48 {
  #high = 0x1234ab;
  #low = 0xcd330e;

  /** Starts anew. @param seed of which the low 32 bits count */
  seed(seed: number): void {
    const bits = seed >>> 0;
    this.#high = bits >>> 8;
    this.#low = (bits & 0xff) * 0x10000 + 0x330e;
  }

  /** An integer from 0 to 2^31 - 1. */
  next(): number {
    const low = this.#low * MULTIPLIER_LOW + INCREMENT;
    const carry = Math.floor(low / HALF);
    const high = this.#low * MULTIPLIER_HIGH + this.#high * MULTIPLIER_LOW + carry;
    this.#low = low % HALF;
    this.#high = high % HALF;
    return this.#high * 128 + (this.#low >>> 17);
  }
}
