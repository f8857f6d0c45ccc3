/**
 * What the encoders of a snapshot write into: a buffer that grows, in front of it pieces that were set aside so that it need
 * not, and out of which everything is drained in order, piece by piece.
 */

import { EMPTY_BYTES } from "../types/bytes.ts";

/** Bytes collected before they are drained. Their checksum is taken in one stroke, which must not take long. */
export const PIECE_BYTES = 64 * 1024;
/** A piece and the record that made it full. */
export const BUFFER_BYTES = PIECE_BYTES + 16 * 1024;
/** What is written aside is mostly a record or two. */
export const ASIDE_BYTES = 2048;

/** See the file comment. */
export class PieceBuffer {
  /** Where is written; the first {@link length} bytes count. */
  buf: Uint8Array;
  length = 0;
  readonly #capacity: number;
  /** What was written before `buf` and is not drained yet. */
  readonly #pieces: Uint8Array[] = [];
  #piecesBytes = 0;

  /** @param capacity bytes after each {@link drain}. @param first bytes to begin with. */
  constructor(capacity: number, first = capacity) {
    this.#capacity = capacity;
    this.buf = new Uint8Array(first);
  }

  /** Bytes that are not drained yet. */
  get pending(): number {
    return this.#piecesBytes + this.length;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buf.length) return;
    const bigger = new Uint8Array(Math.max(needed, this.buf.length * 2));
    bigger.set(this.buf.subarray(0, this.length));
    this.buf = bigger;
  }

  /**
   * Sets aside what is written as a piece that will be drained by itself, so that the buffer does not grow, and goes on in
   * one of so many bytes.
   */
  split(capacity = this.#capacity): void {
    if (this.length === 0) return;
    this.#setAside(this.buf.subarray(0, this.length));
    this.buf = new Uint8Array(capacity);
    this.length = 0;
  }

  /** Puts a piece behind what is written; where it is too long to be copied it belongs to this buffer from now on. */
  append(piece: Uint8Array): void {
    if (this.length + piece.length <= this.buf.length) {
      this.buf.set(piece, this.length);
      this.length += piece.length;
      return;
    }
    this.split();
    this.#setAside(piece);
  }

  #setAside(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
  }

  /**
   * Hands over what was written since the last call, for good, or the first piece of it that was set aside: it goes on in a
   * buffer of its own, or in `spare`, an earlier piece that nobody needs any more.
   */
  drain(spare: Uint8Array | null = null): Uint8Array {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#piecesBytes -= piece.length;
      return piece;
    }
    if (this.length === 0) return EMPTY_BYTES;
    const full = this.buf.subarray(0, this.length);
    const isReusable = spare?.buffer.byteLength === this.#capacity;
    this.buf = isReusable ? new Uint8Array(spare.buffer) : new Uint8Array(this.#capacity);
    this.length = 0;
    return full;
  }
}
