/**
 * Keys with an expiry that clients have written to a replica (replica-read-only no). The primary knows nothing of them, so
 * no DEL will come for them: the replica must delete them itself, while all other keys wait for their primary's word.
 */

import { type Database, NO_EXPIRY, type Store } from "../store.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";
import type { Clock } from "./clock.ts";

/** The longest that one tick may take, milliseconds, and the keys between two looks at the clock. */
const MAX_RUN_MS = 1;
const KEYS_PER_LOOK = 64;

/** Those keys of one server. */
export class ReplicaExpiry {
  readonly #store: Store;
  readonly #clock: Clock;
  /** By database number, then by key; the longest unvisited first. */
  readonly #names: (Set<string> | undefined)[] = [];

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#names.reduce((sum, names) => sum + (names?.size ?? 0), 0);
  }

  /** A client has written this key, or given it an expiry. */
  note(db: Database, key: Uint8Array): void {
    (this.#names[db.index] ??= new Set()).add(latin1(key));
  }

  /** All keys are gone. */
  clear(): void {
    this.#names.length = 0;
  }

  /** Called by the cron of a replica: deletes those whose time has come, and forgets those that have none any more. */
  run(): void {
    const deadline = this.#clock.monoMs() + MAX_RUN_MS;
    for (let index = 0; index < this.#names.length; index++) {
      const names = this.#names[index];
      if (names === undefined) continue;
      let left = names.size;
      for (const name of names) {
        if (left-- === 0 || (left % KEYS_PER_LOOK === 0 && this.#clock.monoMs() > deadline)) break;
        names.delete(name);
        if (this.#mustStay(this.#store.databases[index]!, fromLatin1(name))) names.add(name);
      }
    }
  }

  /** Looks at one key, and deletes it where it is due. Whether it will have to be looked at again. */
  #mustStay(db: Database, key: Uint8Array): boolean {
    const addr = db.findRaw(key, 0, key.length);
    if (addr === 0 || db.expiryOf(addr) === NO_EXPIRY) return false;
    if (!db.isPastExpiry(addr)) return true;
    db.expireNow(addr);
    return false;
  }
}
