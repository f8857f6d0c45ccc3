/**
 * Fetches from memory what the next requests of a pipeline will look at, all of it at once.
 *
 * Among a million keys a lookup waits for memory two or three times, for the index and for the record, and the processor
 * cannot begin to wait for the next request's before the present one is answered: too much code lies in between. Here all
 * that up to sixteen requests are going to look up is asked for in short loops, so that the waits overlap. A GET out of a
 * million keys takes a quarter less time so. Nothing depends on the guess that argument 1 is a key: a wrong one costs a
 * few nanoseconds.
 */

import type { Args } from "../commands/args.ts";
import { hashBytes } from "../types/hash_function.ts";
import type { Client } from "./client.ts";
import type { CommandTimer } from "./timing.ts";

/** Smaller keyspaces stay in the processor's own caches. */
const LEAST_KEYS = 20_000;
/** Requests that are looked at together: more would drive each other out of the nearest cache. */
const REQUESTS = 16;
/** Longer keys take more time to be hashed twice than is won. */
const LONGEST_KEY = 64;
/** Shorter requests have no key. */
const LEAST_REQUEST_BYTES = 16;

const STAR = 42;
const DOLLAR = 36;
const CR = 13;

/** Looks ahead in the batches of all clients. */
export class LookAhead {
  readonly #timer: CommandTimer;
  readonly #hashes = new Uint32Array(REQUESTS);
  /** The batch that is being run, and where its bytes end. */
  #batch = -1;
  #end = 0;
  /** Requests that begin before this have been looked at. */
  #done = 0;

  /** `timer` tells batches apart. */
  constructor(timer: CommandTimer) {
    this.#timer = timer;
  }

  /** The request in `client.args` is about to run; others may stand behind it in its buffer. */
  before(client: Client): void {
    const { args, db, transport } = client;
    if (db.size < LEAST_KEYS || transport === null) return;
    const { batches } = this.#timer;
    if (batches !== this.#batch) {
      this.#batch = batches;
      this.#end = Math.min(args.frameStart + transport.queryBytes, args.buf.length);
    } else if (args.frameStart < this.#done) return;
    const count = this.#scan(args);
    if (count > 1) db.table.fetch(this.#hashes, count);
  }

  /** Hashes the keys of this request and of those behind it. Returns how many there are. */
  #scan({ buf, frameStart, frameEnd }: Args): number {
    const end = this.#end;
    let at = this.#done = frameEnd;
    // Inline requests and the last one of a batch have nobody to share their waits with.
    if (at === 0 || at + LEAST_REQUEST_BYTES > end) return 0;
    at = frameStart;
    let found = 0;
    while (found < REQUESTS && at + LEAST_REQUEST_BYTES <= end && buf[at] === STAR && buf[at + 2] === CR) {
      const count = buf[at + 1]! - 48;
      at += 4;
      for (let i = 0; i < count; i++) {
        if (at + 5 > end || buf[at] !== DOLLAR) return found;
        let length = buf[at + 1]! - 48;
        for (at += 2; at < end && buf[at] !== CR; at++) length = length * 10 + buf[at]! - 48;
        at += 2;
        if (!(length >= 0 && at + length <= end)) return found;
        if (i === 1 && length <= LONGEST_KEY) this.#hashes[found++] = hashBytes(buf, at, at + length);
        at += length + 2;
      }
      this.#done = at;
    }
    return found;
  }
}
