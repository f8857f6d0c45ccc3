/**
 * The hash of the key that the request going on names, so that it is computed once: a command that sets a new key or
 * deletes one looks for it first, and in a pipeline the key was hashed before, when its memory was fetched
 * (server/look_ahead.ts).
 *
 * It is only known where the key stands, so it counts for one buffer whose bytes nobody changes between {@link begin} and
 * {@link end}: the one that the request was read into.
 */

import { hashBytes } from "../types/hash_function.ts";

/** What is known of one request's key. */
export class KeyHash {
  #buf: Uint8Array | null = null;
  #start = -1;
  #end = -1;
  #hash = 0;

  /** A request begins whose arguments stand in `buf`. */
  begin(buf: Uint8Array): void {
    this.#buf = buf;
    this.#start = -1;
  }

  /** As {@link begin}; the hash of the key at `start` is known already. */
  beginWith(buf: Uint8Array, start: number, end: number, hash: number): void {
    this.#buf = buf;
    this.#start = start;
    this.#end = end;
    this.#hash = hash;
  }

  /** The batch of requests is over: the buffer is for others to fill, or to drop. */
  end(): void {
    this.#buf = null;
  }

  /** hashBytes of a key. */
  of(buf: Uint8Array, start: number, end: number): number {
    if (buf !== this.#buf) return hashBytes(buf, start, end);
    if (start !== this.#start || end !== this.#end) {
      this.#hash = hashBytes(buf, start, end);
      this.#start = start;
      this.#end = end;
    }
    return this.#hash;
  }
}
