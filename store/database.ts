/**
 * One numbered keyspace: records in an arena, found by their keys.
 *
 * A record is one arena block (record.ts). Its address is valid until the next change of that key: every call that may
 * move a record returns its new address. A database owns its arena, so that flushing it drops the arena instead of
 * freeing millions of blocks.
 */

import type { Store } from "../store.ts";
import { Arena } from "../types/arena.ts";
import { ByteTable } from "../types/byte_table.ts";
import { copyBytes } from "../types/bytes.ts";
import { hasOwnBuffers, isObject, Kind, type KindCode, type StoredObject } from "../types/kind.ts";
import { type Expiry, ExpiryMode, NO_EXPIRY } from "./events.ts";
import * as record from "./record.ts";
import { Records } from "./records.ts";

/** One numbered keyspace. All addresses are of this database's own arena. */
export class Database extends Records {
  readonly index: number;
  /** Running average of remaining time of expiring keys in ms, for INFO; kept by the expiry cycle. */
  averageTtl = 0;
  /** Snapshots that had begun when this was made: its records may be older than any later one. */
  readonly bornInEpoch: number;

  constructor(store: Store, index: number) {
    super(store);
    this.index = index;
    this.bornInEpoch = store.epochsBegun;
  }

  /** Exchanges contents, not identities: clients stay on their number. */
  static exchange(a: Database, b: Database): void {
    [a.arena, b.arena] = [b.arena, a.arena];
    [a.table, b.table] = [b.table, a.table];
    [a.expires, b.expires] = [b.expires, a.expires];
    [a.averageTtl, b.averageTtl] = [b.averageTtl, a.averageTtl];
  }

  /** Number of keys, expired ones not yet deleted included. */
  get size(): number {
    return this.table.size;
  }

  /** Number of keys with an expiry. */
  get volatileSize(): number {
    return this.expires.size;
  }

  // -- Lookup ---------------------------------------------------------------------------------------------------

  /** The record of a key that is alive, else 0; neither statistics nor access time. */
  find(buf: Uint8Array, start: number, end: number): number {
    const addr = this.table.find(buf, start, end, this.store.keyHash.of(buf, start, end));
    return addr !== 0 && record.isVolatile(this.arena, addr) && this.#isGone(addr) ? 0 : addr;
  }

  /** As {@link find}, for a command that reads: counts hits and misses and refreshes the access time. */
  lookupRead(buf: Uint8Array, start: number, end: number): number {
    const addr = this.find(buf, start, end);
    if (addr === 0) {
      this.store.keyspaceMisses++;
      this.store.events.missed(this, buf, start, end);
      return 0;
    }
    this.store.keyspaceHits++;
    if (!this.store.noTouch) this.touchAccess(addr);
    return addr;
  }

  /** As {@link find}, counted as a hit or a miss, without a word to anybody: OBJECT and its like. */
  lookupQuietly(buf: Uint8Array, start: number, end: number): number {
    const addr = this.find(buf, start, end);
    if (addr === 0) this.store.keyspaceMisses++;
    else this.store.keyspaceHits++;
    return addr;
  }

  /** As {@link find}, for a command that will change the value (a running snapshot saves it first). */
  lookupWrite(buf: Uint8Array, start: number, end: number): number {
    const addr = this.find(buf, start, end);
    if (addr === 0) return 0;
    if (this.store.snapshot !== null) this.#preserve(addr);
    if (!this.store.noTouch) this.touchAccess(addr);
    if (isObject(this.kind(addr))) this.store.willChange(record.valueWordOf(this.arena, addr));
    return addr;
  }

  /** The record of a key even where its time has come; for the expiry cycle, DEBUG and loading. */
  findRaw(buf: Uint8Array, start: number, end: number): number {
    return this.table.find(buf, start, end);
  }

  /** True where the record's time has come, whoever asks. */
  isPastExpiry(addr: number): boolean {
    const expiry = this.expiryOf(addr);
    return expiry !== NO_EXPIRY && expiry < this.store.now();
  }

  #isGone(addr: number): boolean {
    const store = this.store;
    if (store.expiryMode === ExpiryMode.IGNORE || this.expiryOf(addr) >= store.now()) return false;
    if (store.expiryMode === ExpiryMode.DELETE) this.expireNow(addr);
    return true;
  }

  /** Deletes a record because its time has come, with all events. */
  expireNow(addr: number): void {
    const key = this.keyBytes(addr);
    const { store } = this;
    store.whileExpiring(() => this.#removeRecord(addr, this.table.hashOf(addr), true, store.lazyExpire));
    this.store.expiredKeys++;
    this.store.events.touched(this, key, 0, key.length);
    this.store.events.expired(this, key, 0, key.length);
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /**
   * Sets a key to an inline value, new or in the place of any other value. The expiry becomes `expiry`
   * (NO_EXPIRY removes it), and taking the place of a value counts as an access. Returns the record. `value` must not lie
   * in the record that is replaced.
   */
  set(
    buf: Uint8Array,
    start: number,
    end: number,
    kind: KindCode,
    value: Uint8Array,
    from: number,
    to: number,
    expiry: Expiry = NO_EXPIRY,
  ): number {
    const hash = this.store.keyHash.of(buf, start, end);
    const old = this.#replaced(buf, start, end, hash);
    const access = this.#writtenAccess(old);
    const size = record.headerBytes(expiry) + (end - start) + (to - from);
    const addr = this.#makeRecord(buf, start, end, hash, old, size, expiry);
    this.writeMeta(addr, kind, to - from, access);
    copyBytes(value, from, to, this.bytes(addr), this.valueStart(addr));
    return addr;
  }

  /** Sets a key to an object, new or in the place of any other value; otherwise as {@link set}. */
  setObject(
    buf: Uint8Array,
    start: number,
    end: number,
    kind: KindCode,
    value: StoredObject,
    expiry: Expiry = NO_EXPIRY,
  ): number {
    const hash = this.store.keyHash.of(buf, start, end);
    const old = this.#replaced(buf, start, end, hash);
    const access = this.#writtenAccess(old);
    const size = record.headerBytes(expiry) + (end - start);
    const addr = this.#makeRecord(buf, start, end, hash, old, size, expiry);
    this.writeMeta(addr, kind, this.store.hold(value), access);
    return addr;
  }

  /** Replaces the inline value of a record and keeps key, expiry and access. Returns the record's new address. */
  rewrite(addr: number, kind: KindCode, value: Uint8Array, from: number, to: number): number {
    this.#dropValue(addr);
    const moved = this.resizeRecord(addr, record.headAndKeyBytes(this.arena, addr) + (to - from));
    this.writeMeta(moved, kind, to - from, -1);
    copyBytes(value, from, to, this.bytes(moved), this.valueStart(moved));
    return moved;
  }

  /** Replaces the value of a record by an object and keeps key, expiry and access. Returns the new address. */
  rewriteObject(addr: number, kind: KindCode, value: StoredObject): number {
    this.#dropValue(addr);
    const moved = this.resizeRecord(addr, record.headAndKeyBytes(this.arena, addr));
    this.writeMeta(moved, kind, this.store.hold(value), -1);
    return moved;
  }

  /**
   * Makes the inline string value `length` bytes long in place: content is kept, growth is zeroed, spare room is left
   * for the next growth. The kind becomes RAW. Returns the record's new address.
   */
  resizeValue(addr: number, length: number): number {
    const old = this.valueLength(addr);
    let moved = addr;
    const need = record.headAndKeyBytes(this.arena, addr) + length;
    if (need > this.arena.capacityOf(addr)) {
      const spare = length < 1024 * 1024 ? length >>> 1 : 1024 * 1024;
      moved = this.moveRecord(addr, need + spare, record.headAndKeyBytes(this.arena, addr) + old);
    }
    this.writeMeta(moved, Kind.RAW, length, -1);
    if (length > old) zero(this.bytes(moved), this.valueStart(moved) + old, length - old);
    return moved;
  }

  /** Changes only the kind of a record's value (embstr to raw after a change in place). */
  setKind(addr: number, kind: KindCode): void {
    this.writeMeta(addr, kind, record.valueWordOf(this.arena, addr), -1);
  }

  /** Sets or (with NO_EXPIRY) removes the expiry in Unix milliseconds. Returns the record's new address. */
  setExpiry(addr: number, expiry: Expiry): number {
    if (this.store.snapshot !== null) this.#preserve(addr);
    if (this.store.whenVolatile !== null && expiry !== NO_EXPIRY) this.store.whenVolatile(this, addr);
    const had = record.isVolatile(this.arena, addr);
    if (had !== (expiry !== NO_EXPIRY)) return this.changeHeader(addr, expiry);
    if (had) record.writeExpiry(this.arena, addr, expiry);
    return addr;
  }

  /** Deletes a key that is alive; false if there was none. `lazy`: see {@link Store.drop}. */
  delete(buf: Uint8Array, start: number, end: number, lazy?: boolean): boolean {
    const hash = this.store.keyHash.of(buf, start, end);
    const addr = this.table.find(buf, start, end, hash);
    if (addr === 0) return false;
    if (record.isVolatile(this.arena, addr) && this.#isGone(addr)) return false;
    this.#removeRecord(addr, hash, true, lazy);
    return true;
  }

  /** Deletes a key even where its time has come, which is not announced then: what stores a result replaces that. */
  deleteRaw(buf: Uint8Array, start: number, end: number): boolean {
    const addr = this.table.find(buf, start, end);
    if (addr !== 0) this.deleteRecord(addr);
    return addr !== 0;
  }

  /** Deletes a record. `lazy`: see {@link Store.drop}. */
  deleteRecord(addr: number, lazy?: boolean): void {
    this.#removeRecord(addr, this.table.hashOf(addr), true, lazy);
  }

  /**
   * Gives the value of a record a new key, in this or another database, replacing what was there. Expiry and access
   * go along. An object over arena blocks must be handed in as a copy made in the target's arena (`moved`) when the
   * database changes; the old one is then released.
   */
  rename(
    addr: number,
    to: Database,
    buf: Uint8Array,
    start: number,
    end: number,
    moved?: StoredObject,
  ): number {
    if (this.store.snapshot !== null) this.#preserve(addr);
    const kind = this.kind(addr);
    const expiry = this.exactExpiryOf(addr);
    const access = this.accessOf(addr);
    let target: number;
    if (isObject(kind)) {
      const value = moved ?? this.object(addr);
      this.#removeRecord(addr, this.table.hashOf(addr), moved !== undefined);
      target = to.setObject(buf, start, end, kind, value, expiry);
    } else {
      // The old record is freed last: its bytes are the source of the copy.
      const hash = this.table.hashOf(addr);
      const bytes = this.bytes(addr);
      const from = this.valueStart(addr);
      target = to.set(buf, start, end, kind, bytes, from, from + this.valueLength(addr), expiry);
      this.#removeRecord(addr, hash, true);
    }
    to.setAccess(target, access);
    return target;
  }

  /** Deletes all keys at once. Returns how many there were, which count as lazily freed if that was asked for. */
  flush(lazy: boolean): number {
    const count = this.size;
    if (lazy) this.store.lazyfreedObjects += count;
    this.store.events.flushed(this, null);
    const contents = new Database(this.store, this.index);
    Database.exchange(this, contents);
    if (this.store.snapshot === null) contents.discard();
    else this.store.snapshot.detached(this, contents);
    return count;
  }

  /** Forgets all keys without telling anyone; for contents that no client can reach any more. */
  discard(): void {
    this.table.forEach((addr) => {
      this.#dropValue(addr, hasOwnBuffers(this.kind(addr)), false);
    });
    this.store.forgetArena(this.arena);
    this.arena.release();
    this.arena = new Arena();
    this.table = new ByteTable(this.arena);
    this.expires = new ByteTable(this.arena);
    this.averageTtl = 0;
  }

  /** Completes a running rehash and moves all records out of sparse chunks. */
  compact(): void {
    this.table.finishRehash();
    this.expires.finishRehash();
    const sparse: number[] = [];
    this.table.forEach((addr) => {
      if (this.arena.isSparse(addr)) sparse.push(addr);
    });
    for (const addr of sparse) {
      if (!this.arena.isSparse(addr)) continue; // no longer, since others have come to its chunk
      const inline = isObject(this.kind(addr)) ? 0 : this.valueLength(addr);
      const size = record.headAndKeyBytes(this.arena, addr) + inline;
      this.moveRecord(addr, size, size);
    }
  }

  // -- Records --------------------------------------------------------------------------------------------------

  #preserve(addr: number): void {
    if (this.epochOf(addr) === this.store.epoch) return;
    this.store.snapshot!.preserve(this, addr);
    this.stamp(addr);
  }

  /** The record that a new value takes the place of; one whose time has come expires first, with all events. */
  #replaced(buf: Uint8Array, start: number, end: number, hash: number): number {
    const old = this.table.find(buf, start, end, hash);
    if (old === 0 || !record.isVolatile(this.arena, old) || !this.#isGone(old)) return old;
    return this.store.expiryMode === ExpiryMode.DELETE ? 0 : old;
  }

  /** The access field of a value that is new (0), or takes the place of this record's. */
  #writtenAccess(old: number): number {
    return old === 0 ? this.store.freshAccess() : this.store.touchedAccess(this.accessOf(old));
  }

  /** A record of `size` bytes with header and key written, in the place of `old` where that fits; old values go. */
  #makeRecord(
    buf: Uint8Array,
    start: number,
    end: number,
    hash: number,
    old: number,
    size: number,
    expiry: Expiry,
  ): number {
    let addr = old;
    let wasVolatile = false;
    let isNew = false;
    if (old === 0) {
      addr = this.arena.alloc(size);
      this.table.insert(hash, addr);
      isNew = true;
    } else {
      if (this.store.snapshot !== null) this.#preserve(old);
      wasVolatile = record.isVolatile(this.arena, old);
      this.#dropValue(old);
      if (this.arena.capacityOf(old) !== Arena.sizeFor(size)) {
        addr = this.arena.alloc(size);
        this.table.relocate(hash, old, addr);
        if (wasVolatile) this.expires.relocate(hash, old, addr);
        this.arena.free(old);
      }
    }
    record.writeHead(this.arena, addr, end - start, expiry, 0);
    copyBytes(buf, start, end, this.bytes(addr), this.arena.offsetOf(addr) + record.headerBytes(expiry));
    if (expiry !== NO_EXPIRY) {
      record.writeExpiry(this.arena, addr, expiry);
      if (!wasVolatile) this.expires.insert(hash, addr);
      if (this.store.whenVolatile !== null) this.store.whenVolatile(this, addr);
    } else if (wasVolatile) this.expires.remove(hash, addr);
    if (isNew && this.store.announceNew) this.store.events.created(this, buf, start, end);
    return addr;
  }

  /** Forgets the object of a record, if it has one; the record itself stays. `release`, `lazy`: see {@link Store.drop}. */
  #dropValue(addr: number, release = true, lazy?: boolean): void {
    const kind = this.kind(addr);
    if (!isObject(kind)) return;
    const handle = record.valueWordOf(this.arena, addr);
    this.store.drop(handle, release, hasOwnBuffers(kind) ? null : this.arena, lazy);
  }

  #removeRecord(addr: number, hash: number, release: boolean, lazy?: boolean): void {
    if (this.store.snapshot !== null) this.#preserve(addr);
    if (record.isVolatile(this.arena, addr)) this.expires.remove(hash, addr);
    this.table.remove(hash, addr);
    this.#dropValue(addr, release, lazy);
    this.arena.free(addr);
  }
}

/** Zeroes a span: a short one by hand, as a call of `fill` takes longer. */
function zero(bytes: Uint8Array, start: number, length: number): void {
  if (length > 32) bytes.fill(0, start, start + length);
  else for (let i = start; i < start + length; i++) bytes[i] = 0;
}
