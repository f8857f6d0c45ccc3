/**
 * The hash table under the keyspace, large hashes, large sets and the dictionary of a sorted set.
 *
 * Why: a JavaScript Map costs about 200 bytes a key, ends at 16,777,216 entries and stops the world when it grows.
 * Here an index of (hash, address) pairs in one Uint32Array points at records in an Arena: open addressing with
 * linear probing, deletion by shifting back (no tombstones in the live index), and growth or shrinking in small steps:
 * while a rehash runs, entries are in one of two indexes, and every insertion or removal moves a few of them over.
 *
 * A record belongs to whoever uses the table; the table only asks that its first word says where the key is:
 * bits 0..28 the key's length, bits 29..31 how many more header words stand before the key ({@link recordHead}).
 * The index keeps the whole hash, so neither probing nor rehashing touches records of other keys.
 *
 * Scanning goes by home bucket (hash & mask), never by slot, with the reverse-binary cursor of Redis's dictScan
 * (Pieter Noordhuis): an entry's home does not depend on where probing put it, hence an entry that stays is returned
 * at least once, whatever growing, shrinking and shifting happens between two calls.
 */

import { Arena } from "./arena.ts";
import { giveBack } from "./bytes.ts";
import { hashBytes } from "./hash_function.ts";

const MIN_CAPACITY = 8;
/** Marks a slot of the old index whose entry has gone (moved or removed); probing must go on past it. */
const GONE = 0xffffffff;
/** Slots of the old index that one insertion or removal moves over. */
const STEP_SLOTS = 16;
/** Words from the first of a record to one in the next line of the cache. */
const LINE_WORDS = 8;
/** Longest key in bytes (29 bits), just under Redis's 512 MiB limit for any string. */
export const MAX_KEY_BYTES = 0x1fffffff;

/** First word of a record: the key's length and the number of further header words before the key (0..7). */
export function recordHead(keyLength: number, extraWords: number): number {
  return (keyLength | (extraWords << 29)) >>> 0;
}

/** Calls back with the address of each record found. */
export type Visit = (addr: number) => void;
/** As {@link Visit}, with the hash of the record's key. */
export type VisitHashed = (addr: number, hash: number) => void;

/** A set of records in an arena, found by key bytes. */
export class ByteTable {
  readonly arena: Arena;
  #index = new Uint32Array(MIN_CAPACITY * 2);
  #mask = MIN_CAPACITY - 1;
  #size = 0;
  /** The index being emptied while a rehash runs; null otherwise. */
  #old: Uint32Array | null = null;
  #oldMask = 0;
  /** Entries still in the old index. */
  #oldSize = 0;
  #oldPos = 0;
  /** How far {@link drain} has come. */
  #drained: { index: Uint32Array; slot: number } | undefined;

  /** Keeps the compiler from leaving out the loads of {@link fetch}. */
  #fetched = 0;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Number of records. */
  get size(): number {
    return this.#size;
  }

  /** Slots of the index (both, while rehashing). */
  get capacity(): number {
    return this.#mask + 1 + (this.#old === null ? 0 : this.#oldMask + 1);
  }

  /** Bytes of the index or indexes; records are counted by the arena. */
  get indexBytes(): number {
    return this.#index.byteLength + (this.#old?.byteLength ?? 0);
  }

  /** Address of the record with this key, 0 if there is none. `hash` must be hashBytes of the key. */
  find(buf: Uint8Array, start: number, end: number, hash: number = hashBytes(buf, start, end)): number {
    const index = this.#index;
    const mask = this.#mask;
    for (let i = hash & mask;; i = (i + 1) & mask) {
      const addr = index[2 * i + 1]!;
      if (addr === 0) break;
      if (index[2 * i] === hash && this.#hasKey(addr, buf, start, end)) return addr;
    }
    return this.#old === null ? 0 : this.#findOld(buf, start, end, hash);
  }

  #findOld(buf: Uint8Array, start: number, end: number, hash: number): number {
    const index = this.#old!;
    const mask = this.#oldMask;
    for (let i = hash & mask;; i = (i + 1) & mask) {
      const addr = index[2 * i + 1]!;
      if (addr === 0) return 0;
      if (addr !== GONE && index[2 * i] === hash && this.#hasKey(addr, buf, start, end)) return addr;
    }
  }

  /**
   * Loads what {@link find} will look at for the keys with the first `count` of these hashes: all index entries, then all
   * records. The loops have no branch that waits for memory, so that the processor asks for everything at once.
   */
  fetch(hashes: Uint32Array, count: number): void {
    const index = this.#index;
    const mask = this.#mask;
    const { arena } = this;
    let sum = 0;
    for (let i = 0; i < count; i++) sum ^= index[2 * (hashes[i]! & mask)]!;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      let slot = hash & mask;
      if (index[2 * slot] !== hash) slot = (slot + 1) & mask; // most entries stand at home or behind it
      const addr = index[2 * slot + 1]!;
      if (addr === 0) continue;
      const words = arena.wordsOf(addr);
      const at = arena.wordOf(addr);
      sum ^= words[at]!;
      if (at + LINE_WORDS < words.length) sum ^= words[at + LINE_WORDS]!;
    }
    this.#fetched = sum;
  }

  /** Adds a record whose key is not in the table yet. */
  insert(hash: number, addr: number): void {
    if (this.#old !== null) this.rehashStep(STEP_SLOTS);
    if ((this.#size + 1) * 5 > (this.#mask + 1) * 4) {
      // Normally no rehash runs here any more: one that shrinks is overtaken only by a burst of insertions.
      this.finishRehash();
      this.#resize((this.#mask + 1) * 2);
    }
    this.#place(hash, addr);
    this.#size++;
  }

  /** Takes a record out of the index; the caller frees it. False if it was not there. */
  remove(hash: number, addr: number): boolean {
    if (!this.#removeLive(hash, addr) && !this.#removeOld(hash, addr)) return false;
    this.#size--;
    if (this.#old !== null) this.rehashStep(STEP_SLOTS);
    else if (this.#mask >= MIN_CAPACITY * 2 && this.#size * 8 < this.#mask) {
      this.#resize(ByteTable.#capacityFor(this.#size * 2));
    }
    return true;
  }

  /** The record of this hash moved from `from` to `to`. */
  relocate(hash: number, from: number, to: number): void {
    const index = this.#index;
    for (let i = hash & this.#mask; index[2 * i + 1] !== 0; i = (i + 1) & this.#mask) {
      if (index[2 * i + 1] === from) {
        index[2 * i + 1] = to;
        return;
      }
    }
    const old = this.#old;
    if (old === null) return;
    for (let i = hash & this.#oldMask; old[2 * i + 1] !== 0; i = (i + 1) & this.#oldMask) {
      if (old[2 * i + 1] === from) {
        old[2 * i + 1] = to;
        return;
      }
    }
  }

  /** Makes room for `count` records at once, as before loading a file. */
  reserve(count: number): void {
    this.finishRehash();
    const capacity = ByteTable.#capacityFor(count);
    if (capacity > this.#mask + 1) {
      this.#resize(capacity);
      this.finishRehash();
    }
  }

  /** Forgets all records; the caller has freed them. */
  clear(): void {
    this.#index = new Uint32Array(MIN_CAPACITY * 2);
    this.#mask = MIN_CAPACITY - 1;
    this.#size = 0;
    this.#old = null;
    this.#oldSize = 0;
  }

  /** Moves over up to `slots` slots of a running rehash. True while there is more to do. */
  rehashStep(slots: number): boolean {
    const old = this.#old;
    if (old === null) return false;
    const limit = Math.min(this.#oldPos + slots, this.#oldMask + 1);
    for (let i = this.#oldPos; i < limit; i++) {
      const addr = old[2 * i + 1]!;
      if (addr === 0) continue;
      if (addr !== GONE) {
        this.#place(old[2 * i]!, addr);
        old[2 * i + 1] = GONE;
        this.#oldSize--;
      }
    }
    this.#oldPos = limit;
    if (this.#oldSize === 0) {
      this.#old = null;
      giveBack(old);
      return false;
    }
    return true;
  }

  /** Completes a running rehash. */
  finishRehash(): void {
    while (this.rehashStep(1 << 16));
  }

  /**
   * Visits the records of one home bucket (of both indexes while rehashing) and returns the next cursor; begin with 0,
   * done when 0 comes back. A record may be visited more than once in a whole scan. `visit` must not change the table.
   */
  scan(cursor: number, visit: Visit): number {
    let small: Uint32Array = this.#index;
    let smallMask = this.#mask;
    if (this.#old === null) {
      visitHome(small, smallMask, cursor & smallMask, visit);
      return nextCursor(cursor, smallMask);
    }
    let large: Uint32Array = this.#old;
    let largeMask = this.#oldMask;
    if (smallMask > largeMask) {
      [small, large] = [large, small];
      [smallMask, largeMask] = [largeMask, smallMask];
    }
    visitHome(small, smallMask, cursor & smallMask, visit);
    // Then every bucket of the larger index that this bucket of the smaller one expands to.
    do {
      visitHome(large, largeMask, cursor & largeMask, visit);
      cursor = nextCursor(cursor, largeMask);
    } while ((cursor & (smallMask ^ largeMask)) !== 0);
    return cursor;
  }

  /** The bits of a hash by which records are spread over the index, as it is now. */
  get mask(): number {
    return this.#mask;
  }

  /**
   * Visits once each record whose hash has `bucket` in the bits of `mask`, an earlier {@link mask}: these are the same ones,
   * however much the index has grown or shrunk since. `visit` must not change the table.
   */
  visitBucket(bucket: number, mask: number, visit: Visit): void {
    visitShare(this.#index, this.#mask, bucket, mask, visit);
    if (this.#old !== null) visitShare(this.#old, this.#oldMask, bucket, mask, visit);
  }

  /** Visits every record once, in index order. `visit` must not insert or remove. */
  forEach(visit: VisitHashed): void {
    for (const index of [this.#index, this.#old]) {
      if (index === null) continue;
      for (let i = 1; i < index.length; i += 2) {
        const addr = index[i]!;
        if (addr !== 0 && addr !== GONE) visit(addr, index[i - 1]!);
      }
    }
  }

  /**
   * Empties the table from the end of its indexes, up to about `budget` slots and records a call; each record is handed out once
   * and must be freed. True when nothing is left. Nothing else may be done with the table in between.
   */
  drain(budget: number, visit: Visit): boolean {
    for (const index of [this.#index, this.#old]) {
      if (index === null) continue;
      let slot = index === this.#index ? this.#mask : this.#oldMask;
      if (this.#drained !== undefined && this.#drained.index === index) slot = this.#drained.slot;
      for (; slot >= 0 && this.#size > 0; slot--) {
        if (budget-- <= 0) {
          this.#drained = { index, slot };
          return false;
        }
        const addr = index[2 * slot + 1]!;
        if (addr === 0 || addr === GONE) continue;
        index[2 * slot + 1] = GONE;
        this.#size--;
        visit(addr);
      }
    }
    this.clear();
    return true;
  }

  /** A record at random, each with equal chance; 0 where the table is empty. `random` gives unsigned 32-bit numbers. */
  random(random: () => number): number {
    if (this.#size === 0) return 0;
    const live = this.#mask + 1;
    const all = this.capacity;
    for (;;) {
      const pick = Math.floor(random() / 4294967296 * all);
      const addr = pick < live ? this.#index[2 * pick + 1]! : this.#old![2 * (pick - live) + 1]!;
      if (addr !== 0 && addr !== GONE) return addr;
    }
  }

  /** Offset of the first byte of a record's key within its chunk. */
  keyStart(addr: number): number {
    const head = this.arena.wordsOf(addr)[this.arena.wordOf(addr)]!;
    return this.arena.offsetOf(addr) + 4 + ((head >>> 29) << 2);
  }

  /** Length of a record's key in bytes. */
  keyLength(addr: number): number {
    return this.arena.wordsOf(addr)[this.arena.wordOf(addr)]! & MAX_KEY_BYTES;
  }

  /** The hash of a record's key, computed from its bytes. */
  hashOf(addr: number): number {
    const start = this.keyStart(addr);
    return hashBytes(this.arena.bytesOf(addr), start, start + this.keyLength(addr));
  }

  #hasKey(addr: number, buf: Uint8Array, start: number, end: number): boolean {
    const arena = this.arena;
    const head = arena.wordsOf(addr)[arena.wordOf(addr)]!;
    if ((head & MAX_KEY_BYTES) !== end - start) return false;
    const bytes = arena.bytesOf(addr);
    for (let i = arena.offsetOf(addr) + 4 + ((head >>> 29) << 2), j = start; j < end; i++, j++) {
      if (bytes[i] !== buf[j]) return false;
    }
    return true;
  }

  #place(hash: number, addr: number): void {
    const index = this.#index;
    const mask = this.#mask;
    let i = hash & mask;
    while (index[2 * i + 1] !== 0) i = (i + 1) & mask;
    index[2 * i] = hash;
    index[2 * i + 1] = addr;
  }

  #removeLive(hash: number, addr: number): boolean {
    const index = this.#index;
    const mask = this.#mask;
    let hole = hash & mask;
    while (index[2 * hole + 1] !== addr) {
      if (index[2 * hole + 1] === 0) return false;
      hole = (hole + 1) & mask;
    }
    // Shift back every later entry of the run that probing would no longer reach across the hole.
    for (let i = (hole + 1) & mask; index[2 * i + 1] !== 0; i = (i + 1) & mask) {
      const home = index[2 * i]! & mask;
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      index[2 * hole] = index[2 * i]!;
      index[2 * hole + 1] = index[2 * i + 1]!;
      hole = i;
    }
    index[2 * hole + 1] = 0;
    return true;
  }

  #removeOld(hash: number, addr: number): boolean {
    const old = this.#old;
    if (old === null) return false;
    for (let i = hash & this.#oldMask; old[2 * i + 1] !== 0; i = (i + 1) & this.#oldMask) {
      if (old[2 * i + 1] !== addr) continue;
      old[2 * i + 1] = GONE;
      this.#oldSize--;
      return true;
    }
    return false;
  }

  #resize(capacity: number): void {
    this.#old = this.#index;
    this.#oldMask = this.#mask;
    this.#oldSize = this.#size;
    this.#oldPos = 0;
    this.#index = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
    if (this.#oldSize === 0) this.#old = null;
    else if (this.#oldMask < 64) this.finishRehash();
  }

  static #capacityFor(count: number): number {
    let capacity = MIN_CAPACITY;
    while (capacity * 4 < count * 5 + 5) capacity *= 2;
    return capacity;
  }
}

function visitHome(index: Uint32Array, mask: number, home: number, visit: Visit): void {
  for (let i = home;; i = (i + 1) & mask) {
    const addr = index[2 * i + 1]!;
    if (addr === 0) return;
    if (addr !== GONE && (index[2 * i]! & mask) === home) visit(addr);
  }
}

/** Visits the records of an index, which has `own` as its mask, whose hash has `bucket` in the bits of `mask`. */
function visitShare(index: Uint32Array, own: number, bucket: number, mask: number, visit: Visit): void {
  if (own >= mask) {
    for (let home = bucket; home <= own; home += mask + 1) visitHome(index, own, home, visit);
    return;
  }
  for (let i = bucket & own;; i = (i + 1) & own) {
    const addr = index[2 * i + 1]!;
    if (addr === 0) return;
    if (addr !== GONE && (index[2 * i]! & mask) === bucket) visit(addr);
  }
}

/** Increments the bits under the mask in reversed order, as if the highest bit were the lowest. */
function nextCursor(cursor: number, mask: number): number {
  return reverseBits(reverseBits((cursor | ~mask) >>> 0) + 1);
}

function reverseBits(value: number): number {
  let v = value | 0;
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1);
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8);
  return ((v >>> 16) | (v << 16)) >>> 0;
}
