/**
 * MurmurHash64A (Austin Appleby, public domain): the hash behind HyperLogLog registers. It decides which
 * register an element falls into, so it has to be this one for values to mean the same on every server.
 *
 * 64-bit arithmetic in two 32-bit halves: a BigInt per step would cost some fifty times as much.
 */
import { readU32 } from "./bytes.ts";

/** The multiplier 0xc6a4a7935bd1e995, and the low half once more as two 16-bit digits. */
const M_HI = 0xc6a4a793 | 0;
const M_LO = 0x5bd1e995;
const M_LO_HI16 = 0x5bd1;
const M_LO_LO16 = 0xe995;

/** The halves of the last hash. */
export const murmur = { hi: 0, lo: 0 };

/** Hashes `[start, end)` with a 32-bit seed; the result is left in `murmur` as two int32. */
export function murmur64(buf: Uint8Array, start: number, end: number, seed: number): void {
  const length = end - start;
  multiply(0, length | 0);
  let hi = productHi;
  let lo = productLo ^ seed;
  const whole = start + (length & ~7);
  let at = start;
  for (; at < whole; at += 8) {
    multiply(readU32(buf, at + 4) | 0, readU32(buf, at) | 0);
    // k ^= k >>> 47 reaches only the low half: 47 is 32 + 15.
    multiply(productHi, productLo ^ (productHi >>> 15));
    multiply(hi ^ productHi, lo ^ productLo);
    hi = productHi;
    lo = productLo;
  }
  if (at < end) {
    for (let shift = 0; at < end; at++, shift += 8) {
      if (shift < 32) lo ^= buf[at]! << shift;
      else hi ^= buf[at]! << (shift - 32);
    }
    multiply(hi, lo);
    hi = productHi;
    lo = productLo;
  }
  multiply(hi, lo ^ (hi >>> 15));
  murmur.hi = productHi;
  murmur.lo = productLo ^ (productHi >>> 15);
}

let productHi = 0;
let productLo = 0;

/** (hi, lo) x M modulo 2^64, into `productHi` and `productLo`. */
function multiply(hi: number, lo: number): void {
  const lo0 = lo & 0xffff;
  const lo1 = lo >>> 16;
  // The high half of lo x M_LO by schoolbook multiplication in base 2^16; no partial sum reaches 2^32.
  const middle = lo1 * M_LO_LO16 + ((lo0 * M_LO_LO16) >>> 16);
  const cross = lo0 * M_LO_HI16 + (middle & 0xffff);
  const carry = lo1 * M_LO_HI16 + (middle >>> 16) + (cross >>> 16);
  productHi = (carry + Math.imul(lo, M_HI) + Math.imul(hi, M_LO)) | 0;
  productLo = Math.imul(lo, M_LO);
}
