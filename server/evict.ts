/**
 * maxmemory: which keys go when memory is full.
 *
 * Redis's approximation: no order of all keys is kept. A few are sampled at random, the best of them go into a pool of
 * sixteen candidates that survives from one eviction to the next, and the best of the pool is evicted; with five
 * samples that comes close to true LRU or LFU. "Best" is the longest unused, the least often used, or the one that
 * would expire soonest.
 *
 * Evicting is cut into slices (maxmemory-eviction-tenacity): a command never waits long because somebody else's writes
 * have filled the memory. What is left to do is done between commands.
 */

import { type Database, NO_EXPIRY } from "../store.ts";
import { Notify } from "../commands/notify_classes.ts";
import type { ByteTable } from "../types/byte_table.ts";
import type { RedisServer } from "./server.ts";

/** Candidates kept from one eviction to the next. */
const POOL_SIZE = 16;
/** Keys evicted between two looks at the clock. */
const KEYS_PER_LOOK = 16;

/** What a try to make room came to. */
const Outcome = { ENOUGH: 0, MORE_TO_DO: 1, IMPOSSIBLE: 2 } as const;

/** A key that could go. */
interface Candidate {
  /** The higher, the better to evict. */
  score: number;
  db: Database;
  key: Uint8Array;
}

/** Eviction of one server. */
export class Eviction {
  readonly #server: RedisServer;
  /** By score, the best last. */
  #pool: Candidate[] = [];
  /** Database that the random policies took the last key from. */
  #lastDb = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: RedisServer) {
    this.#server = server;
    const { config } = server;
    config.onApply("maxmemory", () => {
      // Without a limit nobody looks any more, so the time above it ends when there is one again, as in redis-server.
      if (config.maxmemory === 0) return;
      this.#continueLater();
      if (server.memory.used > config.maxmemory) {
        server.log.warning(
          `WARNING: the new maxmemory value set via CONFIG SET (${config.maxmemory}) is smaller than the current memory ` +
            `usage (${server.memory.used}). This will result in key eviction and/or the inability to accept new write ` +
            "commands depending on the maxmemory-policy.",
        );
      }
    });
    // Scores of one policy mean nothing to another.
    config.onApply("maxmemory-policy", () => void (this.#pool = []));
  }

  /** Evicts keys until memory is within maxmemory or the slice is over. True where nothing could be done. */
  makeRoom(): boolean {
    const { config, stats, memory } = this.#server;
    if (memory.used <= config.maxmemory && stats.exceededSinceMs === 0) return false;
    if (!this.#mayEvict()) return false;
    const outcome = this.#excess() <= 0 ? Outcome.ENOUGH : this.#evict();
    this.#keepTime(outcome);
    if (outcome === Outcome.MORE_TO_DO) this.#continueLater();
    return outcome === Outcome.IMPOSSIBLE;
  }

  /** Stops what goes on between commands. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Not while loading, nor where the data set is the primary's business, nor while clients are paused or a script is in the middle of its work. */
  #mayEvict(): boolean {
    const { loading, isReplica, config, pauses, dispatcher } = this.#server;
    if (dispatcher.busy) return false;
    return !loading && !(isReplica && config.replicaIgnoreMaxmemory) && !pauses.active;
  }

  /** Bytes above maxmemory; not positive where there are none. */
  #excess(): number {
    const { memory, config } = this.#server;
    const used = memory.used;
    return used <= config.maxmemory ? 0 : used - memory.notCounted - config.maxmemory;
  }

  #evict(): number {
    const { config, clock, latency, store } = this.#server;
    if (config.maxmemoryPolicy === "noeviction") return Outcome.IMPOSSIBLE;
    const started = clock.monoMs();
    const limit = sliceMs(config.maxmemoryEvictionTenacity);
    let outcome: number = Outcome.ENOUGH;
    for (let keys = 0; this.#excess() > 0;) {
      // What was deleted already but is still being given back counts first.
      if (store.lazyfreePending > 0) {
        latency.measure("eviction-lazyfree", () => store.releaseSome());
      } else if (this.#evictOne()) keys++;
      else {
        outcome = Outcome.IMPOSSIBLE;
        break;
      }
      if ((keys % KEYS_PER_LOOK === 0 || store.lazyfreePending > 0) && clock.monoMs() - started > limit) {
        outcome = Outcome.MORE_TO_DO;
        break;
      }
    }
    latency.add("eviction-cycle", clock.monoMs() - started);
    return outcome;
  }

  /** For how long memory has been over the limit, for INFO. */
  #keepTime(outcome: number): void {
    const { stats, clock } = this.#server;
    const now = clock.monoMs();
    if (outcome !== Outcome.ENOUGH) {
      if (stats.exceededSinceMs === 0) stats.exceededSinceMs = now;
    } else if (stats.exceededSinceMs !== 0) {
      stats.evictionExceededMs += now - stats.exceededSinceMs;
      stats.exceededSinceMs = 0;
    }
  }

  #continueLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#server.config.maxmemory > 0) this.makeRoom();
      // No command follows that would do it: a group's readers learn now that their stream is gone.
      if (this.#server.blocking.pending) this.#server.blocking.serve();
    }, 0);
  }

  // -- Choosing -------------------------------------------------------------------------------------------------

  /** Evicts one key; false where there is none that may go. */
  #evictOne(): boolean {
    const { maxmemoryPolicy } = this.#server.config;
    const volatile = maxmemoryPolicy.startsWith("volatile");
    if (maxmemoryPolicy.endsWith("-random")) {
      const db = this.#nextDatabase(volatile);
      if (db === null) return false;
      this.#remove(db, indexOf(db, volatile).random(this.#server.random.u32));
      return true;
    }
    for (;;) {
      if (!this.#fillPool(volatile)) return false;
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        const { db, key } = best;
        const addr = db.findRaw(key, 0, key.length);
        // It may have been deleted or have lost its expiry since it was sampled.
        if (addr === 0 || (volatile && db.expiryOf(addr) === NO_EXPIRY)) continue;
        this.#remove(db, addr);
        return true;
      }
    }
  }

  /** The next database in turn that has keys to choose from. */
  #nextDatabase(volatile: boolean): Database | null {
    const { databases } = this.#server.store;
    for (let i = 0; i < databases.length; i++) {
      this.#lastDb = (this.#lastDb + 1) % databases.length;
      const db = databases[this.#lastDb]!;
      if (indexOf(db, volatile).size > 0) return db;
    }
    return null;
  }

  /** Samples every database into the pool; false where there is nothing to sample. */
  #fillPool(volatile: boolean): boolean {
    const { store, config, random } = this.#server;
    let any = false;
    for (const db of store.databases) {
      const table = indexOf(db, volatile);
      if (table.size === 0) continue;
      any = true;
      if (table.size <= config.maxmemorySamples) table.forEach((addr) => this.#consider(db, addr));
      else for (let i = 0; i < config.maxmemorySamples; i++) this.#consider(db, table.random(random.u32));
    }
    return any;
  }

  /** Puts a key into the pool where it is better than what is there, or where there is room. */
  #consider(db: Database, addr: number): void {
    const score = this.#score(db, addr);
    const pool = this.#pool;
    const full = pool.length === POOL_SIZE;
    if (full && score <= pool[0]!.score) return;
    let at = pool.length;
    while (at > 0 && pool[at - 1]!.score >= score) at--;
    pool.splice(at, 0, { score, db, key: db.keyBytes(addr) });
    if (full) pool.shift();
  }

  /** How good it would be to evict this record. */
  #score(db: Database, addr: number): number {
    const { store, config } = this.#server;
    const access = db.accessOf(addr);
    if (config.maxmemoryPolicy === "volatile-ttl") return -db.expiryOf(addr);
    if (store.lfu) return 255 - store.decayedCounter(access);
    return (store.lruClock - access) & 0xffffff;
  }

  /** Deletes a record, with all that hangs on it. */
  #remove(db: Database, addr: number): void {
    const { stats, store, dispatcher, config, latency } = this.#server;
    const key = db.keyBytes(addr);
    latency.measure("eviction-del", () => db.deleteRecord(addr, config.lazyfreeLazyEviction));
    stats.evictedKeys++;
    store.events.touched(db, key, 0, key.length);
    dispatcher.ctx.notify(Notify.EVICTED, "evicted", key, 0, key.length, db);
    dispatcher.propagateDelete(db, key, config.lazyfreeLazyEviction);
  }
}

/** The keys that a policy may choose from. */
function indexOf(db: Database, volatile: boolean): ByteTable {
  return volatile ? db.expires : db.table;
}

/** How long one slice may take, milliseconds; the scale is Redis's, from 0 to "as long as it takes". */
function sliceMs(tenacity: number): number {
  if (tenacity >= 100) return Infinity;
  return tenacity <= 10 ? 0.05 * tenacity : 0.5 * 1.15 ** (tenacity - 10);
}
