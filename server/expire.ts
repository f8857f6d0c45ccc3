/**
 * The active expiry cycle: deletes keys whose time has come although nobody asks for them.
 *
 * In the manner of Redis's: each database's index of expiring keys is walked in small samples with a cursor; as long as more
 * than a tenth of a sample was dead, the cycle goes on, until its time is used up. active-expire-effort makes samples larger,
 * the tolerated share smaller and the time longer.
 *
 * Redis takes its quarter of the processor in one piece of 25 ms at each cron. Here it comes in slices of a few milliseconds
 * with rests between them: as many keys go each second, and nobody waits for longer than a slice.
 */

import type { Database, Store } from "../store.ts";
import type { Clock } from "./clock.ts";
import type { LatencyMonitor } from "./latency.ts";
import type { ServerStats } from "./stats.ts";

const KEYS_PER_LOOP = 20;
const ACCEPTABLE_STALE_PERCENT = 10;
/** The longest a single run may take, milliseconds, whatever the cron's period. */
const MAX_RUN_MS = 4;
/** Share of the processor's time at the least effort, and what each further effort adds. */
const LEAST_SHARE = 0.25;
const SHARE_PER_EFFORT = 0.02;
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

  /**
   * Runs one slice, `effort` is 1 to 10. Where more is left to do, it returns after how many milliseconds of rest the next slice
   * may run, else 0.
   */
  run(periodMs: number, effort: number): number {
    if (!this.enabled) return 0;
    const started = this.#clock.monoMs();
    const share = LEAST_SHARE + SHARE_PER_EFFORT * (effort - 1);
    const deadline = started + Math.min(MAX_RUN_MS, periodMs * share);
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
    return timedOut ? Math.ceil(took * (1 / share - 1)) : 0;
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
