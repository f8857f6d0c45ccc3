/**
 * CRC-64 as RDB files and DUMP payloads carry it: the "Jones" polynomial ad93d23594c935a9, reflected, start 0, no
 * final xor. The check value of "123456789" is e9c6d914c4b8d9ca.
 *
 * JavaScript has no fast 64-bit integer, so the register is two 32-bit halves and each table is two. Eight tables
 * ("slicing by eight") consume eight bytes per step, without which the checksum would take longer than the loading.
 */
import { readU32, writeU32 } from "../types/bytes.ts";

/** The polynomial with its bits reversed, in halves. */
const POLY_LOW = 0xac4bc9b5;
const POLY_HIGH = 0x95ac9329;

/** Entry `slice * 256 + byte`: the effect of a byte that is followed by `slice` more bytes of its step. */
const LOW = new Uint32Array(8 * 256);
const HIGH = new Uint32Array(8 * 256);

for (let byte = 0; byte < 256; byte++) {
  let low = byte, high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      low ^= POLY_LOW;
      high ^= POLY_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let i = 256; i < LOW.length; i++) {
  const low = LOW[i - 256]!, high = HIGH[i - 256]!;
  LOW[i] = LOW[low & 255]! ^ ((low >>> 8) | (high << 24));
  HIGH[i] = HIGH[low & 255]! ^ (high >>> 8);
}

/** A running checksum. */
export class Crc64 {
  #low = 0;
  #high = 0;

  /** Starts over. */
  reset(): void {
    this.#low = 0;
    this.#high = 0;
  }

  /** Takes in a span. */
  update(buf: Uint8Array, start: number, end: number): void {
    let low = this.#low, high = this.#high;
    let p = start;
    for (const last = end - 7; p < last; p += 8) {
      const a = low ^ (buf[p]! | (buf[p + 1]! << 8) | (buf[p + 2]! << 16) | (buf[p + 3]! << 24));
      const b = high ^ (buf[p + 4]! | (buf[p + 5]! << 8) | (buf[p + 6]! << 16) | (buf[p + 7]! << 24));
      const a0 = 1792 + (a & 255), a1 = 1536 + ((a >>> 8) & 255);
      const a2 = 1280 + ((a >>> 16) & 255), a3 = 1024 + (a >>> 24);
      const b0 = 768 + (b & 255), b1 = 512 + ((b >>> 8) & 255), b2 = 256 + ((b >>> 16) & 255), b3 = b >>> 24;
      low = LOW[a0]! ^ LOW[a1]! ^ LOW[a2]! ^ LOW[a3]! ^ LOW[b0]! ^ LOW[b1]! ^ LOW[b2]! ^ LOW[b3]!;
      high = HIGH[a0]! ^ HIGH[a1]! ^ HIGH[a2]! ^ HIGH[a3]! ^ HIGH[b0]! ^ HIGH[b1]! ^ HIGH[b2]! ^ HIGH[b3]!;
    }
    for (; p < end; p++) {
      const i = (low ^ buf[p]!) & 255;
      low = LOW[i]! ^ ((low >>> 8) | (high << 24));
      high = HIGH[i]! ^ (high >>> 8);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Writes the checksum as the formats hold it: eight bytes, little-endian. */
  writeTo(out: Uint8Array, at: number): void {
    writeU32(out, at, this.#low);
    writeU32(out, at + 4, this.#high);
  }

  /** Whether the eight bytes at `at` hold this checksum. */
  matches(buf: Uint8Array, at: number): boolean {
    return readU32(buf, at) === this.#low >>> 0 && readU32(buf, at + 4) === this.#high >>> 0;
  }
}
