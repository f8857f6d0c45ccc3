/**
 * The keyspace: all databases, and what they share: time, the access fields of LRU and LFU, values that are objects, and
 * the events that everything else hangs on (WATCH, tracking, blocked clients, persistence, notifications).
 *
 * store/database.ts is one database (lookup, change, expiry, the layout of a record), store/events.ts what the keyspace
 * tells the server.
 */

import { Database } from "./store/database.ts";
import { ExpiryMode, type KeyspaceEvents, type SnapshotHook } from "./store/events.ts";
import { KeyHash } from "./store/key_hash.ts";
import type { Arena } from "./types/arena.ts";
import type { StoredObject } from "./types/kind.ts";

export { Database } from "./store/database.ts";
export * from "./store/events.ts";

/** Elements that freeing a value may give back at once; the rest is left to {@link Store.releaseSome}. */
const RELEASE_AT_ONCE = 64;
/** A value that takes more than so many steps to free is one for redis-server's thread of lazy freeing. */
const LAZY_EFFORT = 64;
/** Elements that {@link Store.releaseSome} gives back at a time. */
const RELEASE_SLICE = 20_000;

/** So many changed objects are not asked for their sizes before somebody wants to know the sum. */
const MAX_UNBOOKED = 1024;

const NO_EVENTS: KeyspaceEvents = {
  touched: () => {},
  created: () => {},
  expired: () => {},
  missed: () => {},
  flushed: () => {},
};

/** All databases of a server and what they share. */
export class Store {
  readonly databases: Database[];
  events: KeyspaceEvents = NO_EVENTS;
  snapshot: SnapshotHook | null = null;
  /** What the gate knows of the key that is about to be looked up. */
  readonly keyHash = new KeyHash();
  /** Stamped on every record written; a running snapshot's own number tells saved and new records from old ones. */
  epoch = 0;
  /** Snapshots in a row that were not completed: they leave records of that many different epochs. */
  mixedEpochs = 0;
  /** Snapshots that have begun, ever. */
  epochsBegun = 0;
  expiryMode: number = ExpiryMode.DELETE;
  /** Set for clients with CLIENT NO-TOUCH like behaviour and for background reads: leave access times alone. */
  noTouch = false;
  /** Somebody wants to hear of every new key (notification class n). */
  announceNew = false;
  /** True under an LFU policy: the access field is a counter instead of a clock. */
  lfu = false;
  lfuLogFactor = 10;
  lfuDecayTime = 1;
  /** Seconds, 24 bits, kept by the cron; the access field under LRU. */
  lruClock = 0;
  /** Minutes, 16 bits, kept by the cron; for LFU. */
  lfuClock = 0;
  keyspaceHits = 0;
  keyspaceMisses = 0;
  expiredKeys = 0;
  /** Values whose deletion was asked to be lazy, and was worth it. */
  lazyfreedObjects = 0;
  /** lazyfree-lazy-server-del, lazyfree-lazy-expire: deletions that no user has asked for are lazy. */
  lazyServerDel = false;
  lazyExpire = false;
  /** Hears of every key that is given an expiry, where somebody wants to; costs a comparison otherwise. */
  whenVolatile: ((db: Database, addr: number) => void) | null = null;
  /** Runs the deletion of an expired record; whoever wants to know how long that takes sets another. */
  whileExpiring: (work: () => void) => void = (work) => work();
  readonly #wallMs: () => number;
  readonly #random: () => number;
  #commandTime = 0;
  #frozen = 0;
  readonly #objects: (StoredObject | undefined)[] = [undefined];
  readonly #freeHandles: number[] = [];
  #releasing: { value: StoredObject; arena: Arena | null }[] = [];
  /** Bytes of objects outside of the arenas, but for what is yet to be booked. */
  #objectBytes = 0;
  /** By handle: what is in #objectBytes for this object. */
  readonly #booked: number[] = [0];
  /** Handles of objects that may have changed since they were booked. */
  readonly #unbooked: number[] = [];

  /** `wallMs` gives Unix time in milliseconds, `random` unsigned 32-bit numbers. */
  constructor(databases: number, wallMs: () => number, random: () => number) {
    this.#wallMs = wallMs;
    this.#random = random;
    this.databases = Array.from({ length: databases }, (_, index) => new Database(this, index));
  }

  /** Unix time in milliseconds, the same during one command, script or transaction. */
  now(): number {
    if (this.#commandTime !== 0) return this.#commandTime;
    const now = this.#wallMs();
    if (this.#frozen > 0) this.#commandTime = now;
    return now;
  }

  /** Time stands still from its first use until the matching {@link thaw}; calls nest. */
  freeze(): void {
    this.#frozen++;
  }

  /** Ends {@link freeze}. */
  thaw(): void {
    if (--this.#frozen > 0) return;
    this.#commandTime = 0;
    if (this.#unbooked.length > MAX_UNBOOKED) this.#book();
  }

  /** Ends all freezing, since what was running is put aside. Returns its time, for {@link freezeAt}. */
  stopFreezing(): number {
    const time = this.now();
    this.#frozen = 1;
    this.thaw();
    return time;
  }

  /** Time stands still again, at this moment. */
  freezeAt(time: number): void {
    this.#frozen++;
    this.#commandTime = time;
  }

  // -- Memory ---------------------------------------------------------------------------------------------------

  /**
   * Bytes of all keys and values: blocks of the arenas in use, indexes, and what objects hold outside of the arenas.
   * Free room in chunks is not in it: giving a block back lowers this at once, which is what eviction needs.
   */
  get dataBytes(): number {
    this.#book();
    let bytes = this.#objectBytes;
    for (const db of this.databases) bytes += db.memoryBytes;
    return bytes;
  }

  /** Bytes of all chunks of the arenas, free room in them included. */
  get chunkBytes(): number {
    let bytes = 0;
    for (const db of this.databases) bytes += db.arena.chunkBytes;
    return bytes;
  }

  /**
   * The object of this handle may be changed in place from now on. No type reports each change of its size; instead
   * what was handed out for changing is asked for its size when somebody wants to know the sum.
   */
  willChange(handle: number): void {
    const unbooked = this.#unbooked;
    // Commands in a row often change one object.
    if (unbooked[unbooked.length - 1] !== handle) unbooked.push(handle);
  }

  /** Brings the books up to date with the objects that were changed. */
  #book(): void {
    for (const handle of this.#unbooked) {
      const value = this.#objects[handle];
      if (value === undefined) continue;
      const bytes = value.outsideBytes();
      this.#objectBytes += bytes - this.#booked[handle]!;
      this.#booked[handle] = bytes;
    }
    this.#unbooked.length = 0;
  }

  /** Unsigned 32-bit random number from the injected source. */
  random(): number {
    return this.#random();
  }

  /** Keys of all databases. */
  get size(): number {
    let size = 0;
    for (const db of this.databases) size += db.size;
    return size;
  }

  /** Objects whose blocks are still being given back. */
  get lazyfreePending(): number {
    return this.#releasing.length;
  }

  /** Exchanges the contents of two databases (SWAPDB). */
  swap(a: number, b: number): void {
    const first = this.databases[a]!;
    const second = this.databases[b]!;
    this.events.flushed(first, second);
    this.events.flushed(second, first);
    Database.exchange(first, second);
    this.snapshot?.swapped(first, second);
  }

  /** The contents of `other`, which is none of {@link databases}, become those of the database of that number. */
  exchangeWith(other: Database): void {
    const db = this.databases[other.index]!;
    this.events.flushed(db, other);
    Database.exchange(db, other);
    // Its records have missed every snapshot since it was begun, whether that was completed or not.
    this.mixedEpochs = Math.max(this.mixedEpochs, this.epochsBegun - other.bornInEpoch);
  }

  /** Gives back blocks of deleted objects, up to `budget` elements; true while there is more. */
  releaseSome(budget: number = RELEASE_SLICE): boolean {
    const last = this.#releasing[this.#releasing.length - 1];
    if (last === undefined) return false;
    if (last.value.release(budget)) this.#releasing.pop();
    return this.#releasing.length > 0;
  }

  /** The object of a handle. For {@link Database} only. */
  objectOf(handle: number): StoredObject {
    return this.#objects[handle]!;
  }

  /**
   * Moves records out of sparse chunks of the arenas, so that these can be given back; all at once, as MEMORY PURGE
   * wants it. What objects hold stays where it is. A running snapshot reads records where they are: then nothing is done.
   */
  compact(): void {
    while (this.releaseSome(Infinity));
    if (this.snapshot !== null) return;
    for (const db of this.databases) db.compact();
  }

  /** Registers an object; its handle goes into the record. For {@link Database} only. */
  hold(value: StoredObject): number {
    const handle = this.#freeHandles.pop() ?? this.#objects.length;
    this.#objects[handle] = value;
    this.#booked[handle] = 0;
    this.willChange(handle);
    return handle;
  }

  /**
   * Forgets a handle; with `release` its blocks are given back, a large value's in slices. So it is whether or not
   * somebody asked for that, but only what is `lazy` counts as such. `arena` is where they lie, null for an object with
   * buffers of its own. For {@link Database} only.
   */
  drop(handle: number, release: boolean, arena: Arena | null, lazy = this.lazyServerDel): void {
    const value = this.#objects[handle]!;
    if (lazy && release && value.freeEffort > LAZY_EFFORT) this.lazyfreedObjects++;
    this.#objects[handle] = undefined;
    this.#objectBytes -= this.#booked[handle]!;
    this.#freeHandles.push(handle);
    if (!release) return;
    const { guard } = value;
    if (guard === null || guard === undefined) this.#giveBack(value, arena);
    else guard.whenDone = () => this.#giveBack(value, arena);
  }

  #giveBack(value: StoredObject, arena: Arena | null): void {
    if (!value.release(RELEASE_AT_ONCE)) this.#releasing.push({ value, arena });
  }

  /** The arena is about to go as a whole: there is nothing left to give back of what lies in it. */
  forgetArena(arena: Arena): void {
    this.#releasing = this.#releasing.filter((each) => each.arena !== arena);
  }

  /** The access field of a new record. */
  freshAccess(): number {
    return this.lfu ? ((this.lfuClock << 8) | LFU_INIT) : this.lruClock;
  }

  /** The access field of a record that is used now. */
  touchedAccess(access: number): number {
    if (!this.lfu) return this.lruClock;
    const counter = this.decayedCounter(access);
    return (this.lfuClock << 8) | this.#logIncrement(counter);
  }

  /** The LFU counter (0..255) after the decay for the minutes since its last use. */
  decayedCounter(access: number): number {
    const counter = access & 0xff;
    if (this.lfuDecayTime === 0) return counter;
    const elapsed = (this.lfuClock - (access >>> 8)) & 0xffff;
    return Math.max(0, counter - Math.floor(elapsed / this.lfuDecayTime));
  }

  /** Probabilistic increment: the higher the counter, the rarer (Redis's documented LFU: log factor 10 by default). */
  #logIncrement(counter: number): number {
    if (counter === 255) return 255;
    const base = Math.max(0, counter - LFU_INIT);
    return this.#random() / 4294967296 < 1 / (base * this.lfuLogFactor + 1) ? counter + 1 : counter;
  }
}

/** LFU counter of a new key. */
const LFU_INIT = 5;
