/**
 * SHA-1, one message at a time, synchronously: names of scripts and digests of data sets need millions of hashes of a
 * few bytes, for which the runtime's own takes ten times as long to set up as to compute. No secret depends on it.
 *
 * Source: FIPS 180-4.
 */

const BLOCK_BYTES = 64;
/** Bytes of a hash. */
export const SHA1_BYTES = 20;
/** Digits of a hash in hexadecimal. */
export const SHA1_DIGITS = 2 * SHA1_BYTES;

const words = new Int32Array(80);
const state = new Int32Array(5);
const tail = new Uint8Array(2 * BLOCK_BYTES);

/** Writes the hash of `buf[start, end)` to `out[at, at + 20)`. */
export function sha1(buf: Uint8Array, start: number, end: number, out: Uint8Array, at: number): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  let p = start;
  for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES) addBlock(buf, p);
  const rest = end - p;
  const size = rest < BLOCK_BYTES - 8 ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  tail.fill(0);
  for (let i = 0; i < rest; i++) tail[i] = buf[p + i]!;
  tail[rest] = 0x80;
  const bytes = end - start;
  writeWord(tail, size - 8, Math.floor(bytes / 0x20000000));
  writeWord(tail, size - 4, bytes << 3);
  addBlock(tail, 0);
  if (size > BLOCK_BYTES) addBlock(tail, BLOCK_BYTES);
  for (let i = 0; i < 5; i++) writeWord(out, at + 4 * i, state[i]!);
}

const digest = new Uint8Array(SHA1_BYTES);

/** The hash of `buf[start, end)` in hexadecimal digits, lower case. */
export function sha1Hex(buf: Uint8Array, start: number, end: number): string {
  sha1(buf, start, end, digest, 0);
  let hex = "";
  for (const byte of digest) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return hex;
}

function writeWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function addBlock(buf: Uint8Array, p: number): void {
  const w = words;
  for (let i = 0; i < 16; i++, p += 4) {
    w[i] = (buf[p]! << 24) | (buf[p + 1]! << 16) | (buf[p + 2]! << 8) | buf[p + 3]!;
  }
  for (let i = 16; i < 80; i++) {
    const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!;
    w[i] = (x << 1) | (x >>> 31);
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!;
  for (let i = 0; i < 80; i++) {
    let f: number;
    if (i < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
    else if (i < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else f = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + f + e + w[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
}
