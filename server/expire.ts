/**
 * The active expiry cycle: deletes keys whose time has come although nobody asks for them.
 *
 * In the manner of Redis's: each database's index of expiring keys is walked in small samples with a cursor; as long as more
 * than a tenth of a sample was dead, the cycle goes on, until its time is used up (a quarter of the cron's period, so no pause is
 * longer than a few milliseconds). active-expire-effort makes samples larger and the tolerated share smaller.
 */

import type { Database, Store } from "../store.ts";
import type { Clock } from "./clock.ts";
import type { LatencyMonitor } from "./latency.ts";
import type { ServerStats } from "./stats.ts";

const KEYS_PER_LOOP = 20;
const ACCEPTABLE_STALE_PERCENT = 10;
/** The longest a single run may take, milliseconds, whatever the cron's period. */
const MAX_RUN_MS = 5;
/** Keys of one sample between two looks at the clock. */
const LOOPS_PER_LOOK = 4;

/** One server's expiry cycle. */
export class ExpiryCycle {
  /** DEBUG SET-ACTIVE-EXPIRE. */
  enabled = true;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #stats: ServerStats;
  #database = 0;
  readonly #cursors: number[] = [];
  /** Addresses found dead in the current sample. */
  readonly #dead: number[] = [];
  #looked = 0;
  #ttlSum = 0;
  #ttlCount = 0;

  readonly #latency: LatencyMonitor;

  constructor(store: Store, clock: Clock, stats: ServerStats, latency: LatencyMonitor) {
    this.#latency = latency;
    this.#store = store;
    this.#clock = clock;
    this.#stats = stats;
  }

  /** Runs for at most a quarter of `periodMs`. `effort` is 1 to 10. Returns true where more is left to do. */
  run(periodMs: number, effort: number): boolean {
    if (!this.enabled) return false;
    const started = this.#clock.monoMs();
    const deadline = started + Math.min(MAX_RUN_MS, periodMs * (0.25 + 0.02 * (effort - 1)));
    const perLoop = KEYS_PER_LOOP + Math.floor(KEYS_PER_LOOP / 4) * (effort - 1);
    const acceptable = ACCEPTABLE_STALE_PERCENT - (effort - 1);
    let sampled = 0;
    let expired = 0;
    let timedOut = false;
    const databases = this.#store.databases;
    for (let n = 0; n < databases.length && !timedOut; n++) {
      const db = databases[this.#database]!;
      this.#database = (this.#database + 1) % databases.length;
      if (db.volatileSize === 0) {
        db.averageTtl = 0;
        continue;
      }
      for (let loop = 1;; loop++) {
        const gone = this.#sample(db, perLoop);
        sampled += this.#looked;
        expired += gone;
        if (loop % LOOPS_PER_LOOK === 0 && this.#clock.monoMs() > deadline) {
          timedOut = true;
          break;
        }
        if (this.#looked === 0 || gone * 100 / this.#looked <= acceptable || db.volatileSize === 0) break;
      }
      this.#averageTtl(db);
    }
    if (timedOut) this.#stats.expiredTimeCapReached++;
    const took = this.#clock.monoMs() - started;
    this.#stats.expireCycleCpuMs += took;
    this.#latency.add("expire-cycle", took);
    const percentage = sampled === 0 ? 0 : expired / sampled * 100;
    this.#stats.expiredStalePercentage = percentage * 0.05 + this.#stats.expiredStalePercentage * 0.95;
    return timedOut;
  }

  /** Looks at about `count` expiring keys from the database's cursor on; deletes the dead. Returns how many. */
  #sample(db: Database, count: number): number {
    const now = this.#clock.wallMs();
    const index = db.expires;
    let cursor = this.#cursors[db.index] ?? 0;
    this.#looked = 0;
    this.#dead.length = 0;
    const visit = (addr: number): void => {
      this.#looked++;
      const ttl = db.expiryOf(addr) - now;
      if (ttl < 0) this.#dead.push(addr);
      else {
        this.#ttlSum += ttl;
        this.#ttlCount++;
      }
    };
    // Buckets may be empty: look at twenty times as many at most.
    for (let buckets = count * 20; buckets > 0 && this.#looked < count; buckets--) {
      cursor = index.scan(cursor, visit);
      // Once around is enough: a second visit would find the same dead again.
      if (cursor === 0) break;
    }
    this.#cursors[db.index] = cursor;
    for (const addr of this.#dead) db.expireNow(addr);
    return this.#dead.length;
  }

  #averageTtl(db: Database): void {
    if (this.#ttlCount === 0) return;
    const average = this.#ttlSum / this.#ttlCount;
    db.averageTtl = db.averageTtl === 0 ? average : db.averageTtl * 0.98 + average * 0.02;
    this.#ttlSum = 0;
    this.#ttlCount = 0;
  }
}
