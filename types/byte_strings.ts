/**
 * Many byte strings, one after another in a single buffer: for commands that need thousands of copies at once, where
 * an object for each would cost more than its bytes.
 */
import { compareBytes, copyBytes } from "./bytes.ts";

/** Buffers larger than this are given up by `clear`. */
const KEPT_BYTES = 64 * 1024;

/** A sequence of byte strings; string `i` is `buf[start(i), end(i))`. */
export class ByteStrings {
  /** Replaced when it grows: fetch it again after `add`. */
  buf: Uint8Array;
  length = 0;
  #ends: Float64Array;

  /** Room for `count` strings of `bytes` together; more can be added. */
  constructor(count = 16, bytes = 16 * count) {
    this.buf = new Uint8Array(Math.max(16, bytes));
    this.#ends = new Float64Array(Math.max(16, count));
  }

  /** Forgets all strings and keeps the room that they had, unless it was large. */
  clear(): void {
    this.length = 0;
    if (this.buf.length > KEPT_BYTES) this.buf = new Uint8Array(KEPT_BYTES);
    if (this.#ends.byteLength > KEPT_BYTES) this.#ends = new Float64Array(KEPT_BYTES / 8);
  }

  /** First byte of string `i`. */
  start(i: number): number {
    return i === 0 ? 0 : this.#ends[i - 1]!;
  }

  /** One past the last byte of string `i`. */
  end(i: number): number {
    return this.#ends[i]!;
  }

  /** Appends a copy of a span, which may be empty. */
  add(from: Uint8Array, start: number, end: number): void {
    const at = this.length === 0 ? 0 : this.#ends[this.length - 1]!;
    const after = at + end - start;
    if (after > this.buf.length) {
      const grown = new Uint8Array(Math.max(after, this.buf.length * 2));
      grown.set(this.buf.subarray(0, at));
      this.buf = grown;
    }
    if (this.length === this.#ends.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    copyBytes(from, start, end, this.buf, at);
    this.#ends[this.length++] = after;
  }

  /** Orders two strings as memcmp does, the shorter one first when it is a prefix. */
  compare(i: number, j: number): number {
    return compareBytes(this.buf, this.start(i), this.end(i), this.buf, this.start(j), this.end(j));
  }

  /** As `compare`, but a zero byte ends a string, as in C. */
  compareAsCStrings(i: number, j: number): number {
    const { buf } = this;
    const iEnd = this.end(i);
    const jEnd = this.end(j);
    let p = this.start(i);
    let q = this.start(j);
    for (;;) {
      const a = p < iEnd ? buf[p++]! : 0;
      const b = q < jEnd ? buf[q++]! : 0;
      if (a !== b) return a - b;
      if (a === 0) return 0;
    }
  }
}
