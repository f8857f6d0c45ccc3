/**
 * The records of one keyspace: where they lie, what stands in them, and how they are moved when their size changes. Which
 * key has which record, and what a change means to others, is database.ts's.
 *
 * A record is one arena block (record.ts). Its address is valid until the next change of that key: every call that may
 * move a record returns its new address.
 */

import type { Store } from "../store.ts";
import { Arena } from "../types/arena.ts";
import { ByteTable } from "../types/byte_table.ts";
import { copyBytes } from "../types/bytes.ts";
import { isObject, type KindCode, type StoredObject } from "../types/kind.ts";
import { type Expiry, NO_EXPIRY } from "./events.ts";
import * as record from "./record.ts";

/** The records of one keyspace. */
export class Records {
  readonly store: Store;
  /** Where this database's bytes live; collections that need blocks of their own take them here. */
  arena: Arena = new Arena();
  /** The index of all keys; for scanning, sampling and rehashing. */
  table: ByteTable = new ByteTable(this.arena);
  /** The index of the keys with an expiry. */
  expires: ByteTable = new ByteTable(this.arena);

  constructor(store: Store) {
    this.store = store;
  }

  // -- Reading a record -----------------------------------------------------------------------------------------

  /** One of {@link Kind}. */
  kind(addr: number): KindCode {
    return record.kindOf(this.arena, addr);
  }

  /** The chunk in which this record's key and inline value stand. */
  bytes(addr: number): Uint8Array {
    return this.arena.bytesOf(addr);
  }

  /** First byte of the key in {@link bytes}. */
  keyStart(addr: number): number {
    return this.table.keyStart(addr);
  }

  /** Length of the key. */
  keyLength(addr: number): number {
    return this.table.keyLength(addr);
  }

  /** A copy of the key. */
  keyBytes(addr: number): Uint8Array {
    const start = this.keyStart(addr);
    return this.bytes(addr).slice(start, start + this.keyLength(addr));
  }

  /** First byte of the inline value in {@link bytes}. */
  valueStart(addr: number): number {
    return this.arena.offsetOf(addr) + record.headAndKeyBytes(this.arena, addr);
  }

  /** Length of the inline value. */
  valueLength(addr: number): number {
    return record.valueWordOf(this.arena, addr);
  }

  /** The object of a record whose kind {@link isObject}. The caller has checked the kind. */
  object<T extends StoredObject>(addr: number): T {
    return this.store.objectOf(record.valueWordOf(this.arena, addr)) as T;
  }

  /** Unix time in milliseconds at which the key goes, or NO_EXPIRY. */
  expiryOf(addr: number): number {
    return record.expiryOf(this.arena, addr);
  }

  /** As {@link expiryOf}, exactly, for times beyond 2^53 ms too. */
  exactExpiryOf(addr: number): number | bigint {
    return record.exactExpiryOf(this.arena, addr);
  }

  /** The 24 bit access field: LRU clock, or LFU minutes and counter. */
  accessOf(addr: number): number {
    return record.accessOf(this.arena, addr);
  }

  /** Sets the access field (RESTORE IDLETIME/FREQ, loading). */
  setAccess(addr: number, access: number): void {
    record.setAccess(this.arena, addr, access);
  }

  /** Marks a record as just used. */
  touchAccess(addr: number): void {
    this.setAccess(addr, this.store.touchedAccess(this.accessOf(addr)));
  }

  /** Bytes of the record's block and its share of the indexes, without what an object holds. */
  recordBytes(addr: number): number {
    const table = this.table;
    let bytes = this.arena.capacityOf(addr) + table.indexBytes / Math.max(1, table.size);
    if (this.expiryOf(addr) !== NO_EXPIRY) bytes += this.expires.indexBytes / this.expires.size;
    return Math.ceil(bytes);
  }

  /** Bytes of all that this database holds in its arena and its indexes; see {@link Store.dataBytes}. */
  get memoryBytes(): number {
    return this.arena.blockBytes + this.table.indexBytes + this.expires.indexBytes;
  }

  /** Epoch stamped on a record, 0..15. For the snapshot only. */
  epochOf(addr: number): number {
    return record.epochOf(this.arena, addr);
  }

  /** Stamps a record with the store's epoch: it is saved. For the snapshot only. */
  stamp(addr: number): void {
    record.setEpoch(this.arena, addr, this.store.epoch);
  }

  // -- Moving ---------------------------------------------------------------------------------------------------

  /** Writes kind, length or handle, and epoch; `access` of -1 keeps the field. */
  protected writeMeta(addr: number, kind: KindCode, valueWord: number, access: number): void {
    record.writeMeta(this.arena, addr, kind, valueWord, this.store.epoch, access);
  }

  /** Block for a record of `size` bytes that keeps header and key; the value is about to be written anew. */
  protected resizeRecord(addr: number, size: number): number {
    if (this.arena.capacityOf(addr) === Arena.sizeFor(size)) return addr;
    return this.moveRecord(addr, size, record.headAndKeyBytes(this.arena, addr));
  }

  /** Moves a record to a new block of `size` bytes; the first `kept` bytes go along. */
  protected moveRecord(addr: number, size: number, kept: number): number {
    const moved = this.arena.alloc(size);
    const from = this.arena.offsetOf(addr);
    copyBytes(this.bytes(addr), from, from + kept, this.bytes(moved), this.arena.offsetOf(moved));
    this.replaceAddress(addr, moved);
    this.arena.free(addr);
    return moved;
  }

  /** A record has moved: the indexes name its new address. */
  protected replaceAddress(from: number, to: number): void {
    const hash = this.table.hashOf(from);
    this.table.relocate(hash, from, to);
    if (record.isVolatile(this.arena, from)) {
      this.expires.relocate(hash, from, to);
    }
  }

  /** Gives a record a header with or without expiry words. */
  protected changeHeader(addr: number, expiry: Expiry): number {
    const keyLength = this.keyLength(addr);
    const payload = keyLength + (isObject(this.kind(addr)) ? 0 : this.valueLength(addr));
    const hash = this.table.hashOf(addr);
    const moved = this.arena.alloc(record.headerBytes(expiry) + payload);
    record.writeHead(this.arena, moved, keyLength, expiry, 0);
    record.copyMeta(this.arena, addr, moved);
    const from = this.keyStart(addr);
    copyBytes(this.bytes(addr), from, from + payload, this.bytes(moved), this.keyStart(moved));
    this.table.relocate(hash, addr, moved);
    if (expiry === NO_EXPIRY) this.expires.remove(hash, addr);
    else {
      record.writeExpiry(this.arena, moved, expiry);
      this.expires.insert(hash, moved);
    }
    this.arena.free(addr);
    return moved;
  }
}
