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
import type { KeyHash } from "../store/key_hash.ts";
import { hashBytes } from "../types/hash_function.ts";
import type { Client } from "./client.ts";
import type { CommandTimer } from "./timing.ts";

/** Smaller keyspaces stay in the processor's own caches: it is not worth looking ahead. */
export const LEAST_KEYS = 20_000;
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
  readonly #keyHash: KeyHash;
  /** Where the keys stand that were found, and their hashes. */
  readonly #starts = new Uint32Array(REQUESTS);
  readonly #ends = new Uint32Array(REQUESTS);
  readonly #hashes = new Uint32Array(REQUESTS);
  #found = 0;
  /** The first of them whose request has not begun yet. */
  #next = 0;
  /** The batch that is being run, its bytes and where they end. */
  #batch = -1;
  #buf: Uint8Array | null = null;
  #end = 0;
  /** Requests that begin before this have been looked at. */
  #done = 0;

  /** `timer` tells batches apart; `keyHash` is told what is known of each request's key. */
  constructor(timer: CommandTimer, keyHash: KeyHash) {
    this.#timer = timer;
    this.#keyHash = keyHash;
  }

  /** The request in `client.args` is about to run; others may stand behind it in its buffer. */
  before(client: Client): void {
    const { args } = client;
    if (this.#isNew(client)) {
      this.#scan(args);
      if (this.#found > 1) client.db.table.fetch(this.#hashes, this.#found);
    }
    if (this.#next < this.#found && this.#knows(args)) {
      const next = this.#next++;
      this.#keyHash.beginWith(args.buf, this.#starts[next]!, this.#ends[next]!, this.#hashes[next]!);
    } else this.#keyHash.begin(args.buf);
  }

  /** True where the next key that was found is this request's: not another's that was read into the same place. */
  #knows(args: Args): boolean {
    return this.#starts[this.#next] === args.starts[1] && args.count > 1 &&
      this.#batch === this.#timer.batches && this.#buf === args.buf;
  }

  /** True where this request has not been looked at with those before it. */
  #isNew({ args, transport }: Client): boolean {
    const { batches } = this.#timer;
    if (batches === this.#batch) return args.frameStart >= this.#done;
    this.#batch = batches;
    this.#buf = args.buf;
    const bytes = transport === null ? 0 : transport.queryBytes;
    this.#end = Math.min(args.frameStart + bytes, args.buf.length);
    return true;
  }

  /** Finds the keys of this request and of those behind it. */
  #scan({ buf, frameStart, frameEnd }: Args): void {
    const end = this.#end;
    this.#found = this.#next = 0;
    this.#done = frameEnd;
    // Inline requests and the last one of a batch have nobody to share their waits with.
    if (frameEnd === 0 || frameEnd + LEAST_REQUEST_BYTES > end) return;
    let at = frameStart;
    let found = 0;
    while (found < REQUESTS && at + LEAST_REQUEST_BYTES <= end && buf[at] === STAR && buf[at + 2] === CR) {
      const count = buf[at + 1]! - 48;
      at += 4;
      for (let i = 0; i < count; i++) {
        if (at + 5 > end || buf[at] !== DOLLAR) return;
        let length = buf[at + 1]! - 48;
        for (at += 2; at < end && buf[at] !== CR; at++) length = length * 10 + buf[at]! - 48;
        at += 2;
        if (!(length >= 0 && at + length <= end)) return;
        if (i === 1 && length <= LONGEST_KEY) {
          this.#starts[found] = at;
          this.#ends[found] = at + length;
          this.#hashes[found] = hashBytes(buf, at, at + length);
          this.#found = ++found;
        }
        at += length + 2;
      }
      this.#done = at;
    }
  }
}
