/**
 * Bytes of an RDB file that is still on its way (repl-diskless-load), as a source for RdbInput: what has arrived is
 * read at once, so that no more of the file than a record and a piece is in memory.
 *
 * A reader is a plain function that cannot wait in its middle. Where it wants bytes that have not arrived, it throws
 * {@link Starved}, gives up the record that it was reading, and reads that again from its beginning when at least twice
 * as much of it is there: reading again costs no more than reading did.
 */
import type { ByteSource } from "./rdb_input.ts";

/** Thrown where a reader needs bytes that have not arrived; `needed` is the offset behind the last of them. */
export class Starved extends Error {
  override name = "Starved";

  constructor(readonly needed: number) {
    super("the bytes have not arrived yet");
  }
}

/** See the file comment. */
export class ArrivingBytes implements ByteSource {
  /** Bytes that have come so far. */
  arrived = 0;
  /** No more will come. */
  ended = false;
  readonly #pieces: Uint8Array[] = [];
  #at = 0;
  #wanted = 0;
  #error: unknown = null;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  /** Whether the reader can do nothing before more comes. */
  get isStarved(): boolean {
    return this.arrived < this.#wanted && !this.ended && this.#error === null;
  }

  // -- Whom the bytes come from -----------------------------------------------------------------------------------

  /** Takes bytes, which are kept. Fulfilled when the reader wants more. */
  push(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
    this.arrived += piece.length;
    if (this.isStarved) return Promise.resolve();
    const wanted = new Promise<void>((resolve) => this.#wakeWriter = resolve);
    this.#wake();
    return wanted;
  }

  /** The file is complete. */
  end(): void {
    this.ended = true;
    this.#wake();
  }

  /** The file will never be complete: the reader is told so. */
  fail(error: unknown): void {
    this.#error = error;
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = null;
  }

  // -- Who reads them ---------------------------------------------------------------------------------------------

  /** Whether more may come. Throws what {@link fail} was told. */
  mayCome(): boolean {
    if (this.#error !== null) throw this.#error;
    return !this.ended;
  }

  /** Nothing can be done before there are so many bytes, counted from the beginning. */
  want(bytes: number): void {
    this.#wanted = bytes;
  }

  /** Fulfilled when the reader is no longer starved. */
  more(): Promise<void> {
    this.release();
    return new Promise((resolve) => this.#wakeReader = resolve);
  }

  /** The reader wants more, or nothing more: whoever brought the last piece need not wait. */
  release(): void {
    this.#wakeWriter?.();
    this.#wakeWriter = null;
  }

  readSync(into: Uint8Array): number | null {
    if (this.#error !== null) throw this.#error;
    const piece = this.#pieces[0];
    if (piece === undefined) return null;
    const count = Math.min(into.length, piece.length - this.#at);
    into.set(piece.subarray(this.#at, this.#at + count));
    this.#at += count;
    if (this.#at === piece.length) {
      this.#pieces.shift();
      this.#at = 0;
    }
    return count;
  }
}
