/** A queue of pairs of byte strings, in parts, so that none of its buffers has to grow for long. */
import { ByteStrings } from "./byte_strings.ts";
import { EMPTY_BYTES } from "./bytes.ts";

/** Bytes and strings of a part, about. */
const PART_BYTES = 64 * 1024;
const PART_STRINGS = 256;

/** See the file comment. */
export class PairQueue {
  /** The pair that {@link shift} has taken out, `buf[start, end)` and `buf[end, valueEnd)`; nobody changes these bytes. */
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  valueEnd = 0;
  readonly #parts: ByteStrings[] = [];
  /** Strings of the first part that were taken out. */
  #at = 0;

  /** Puts copies of both strings at the end. */
  push(buf: Uint8Array, start: number, end: number, value: Uint8Array, from: number, to: number): void {
    let part = this.#parts[this.#parts.length - 1];
    if (part === undefined || part.length >= PART_STRINGS || part.end(part.length - 1) >= PART_BYTES) {
      this.#parts.push(part = new ByteStrings(PART_STRINGS, PART_BYTES / 8));
    }
    part.add(buf, start, end);
    part.add(value, from, to);
  }

  /** Takes out the first pair; false where there is none. */
  shift(): boolean {
    const part = this.#parts[0];
    if (part === undefined) return false;
    this.buf = part.buf;
    this.start = part.start(this.#at);
    this.end = part.end(this.#at);
    this.valueEnd = part.end(this.#at + 1);
    this.#at += 2;
    if (this.#at === part.length) {
      // What is pushed later goes to another part: these bytes stay.
      this.#parts.shift();
      this.#at = 0;
    }
    return true;
  }

  clear(): void {
    this.#parts.length = this.#at = 0;
  }
}
