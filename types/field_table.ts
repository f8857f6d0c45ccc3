/**
 * The large hash and the large set: a byte table of fields, with or without values, in the database's arena.
 *
 * A record is: head word (types/byte_table.ts), for hashes the value's length, the field, the value. A field of 10 bytes
 * without a value takes 16 bytes and its index slot, where redis-server takes about 56.
 */

import { Arena } from "./arena.ts";
import { ByteTable, recordHead, type Visit, type VisitHashed } from "./byte_table.ts";
import { copyBytes } from "./bytes.ts";
import { hashBytes } from "./hash_function.ts";
import type { StoredObject } from "./kind.ts";
import type { TableWalk } from "./table_walk.ts";

/** JavaScript objects and the empty index of one table, about. */
const FIXED_BYTES = 400;
/** Bytes of the head word, and of the value's length after it. */
const WORD = 4;

/** Fields with values (a hash), or members alone (a set). Spans handed in must not lie in the table's own records. */
export class FieldTable implements StoredObject {
  /** Who walks through the fields and must be told of each change before it. */
  guard: TableWalk | null = null;
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #withValues: boolean;
  #recordBytes = 0;

  constructor(arena: Arena, withValues: boolean) {
    this.#arena = arena;
    this.#table = new ByteTable(arena);
    this.#withValues = withValues;
  }

  get length(): number {
    return this.#table.size;
  }

  /** The index, for scanning and sampling. */
  get table(): ByteTable {
    return this.#table;
  }

  memoryBytes(): number {
    return this.outsideBytes() + this.#recordBytes;
  }

  outsideBytes(): number {
    return FIXED_BYTES + this.#table.indexBytes;
  }

  // -- Reading: a record is named by its arena address ----------------------------------------------------------

  /** The record of a field, 0 if there is none. */
  find(buf: Uint8Array, start: number, end: number, hash: number = hashBytes(buf, start, end)): number {
    return this.#table.find(buf, start, end, hash);
  }

  /** The chunk in which a record's field and value stand. */
  bytes(record: number): Uint8Array {
    return this.#arena.bytesOf(record);
  }

  /** The same as words; a field begins at a whole one. */
  words(record: number): Uint32Array {
    return this.#arena.wordsOf(record);
  }

  /** First byte of the field. */
  fieldStart(record: number): number {
    return this.#table.keyStart(record);
  }

  /** Length of the field. */
  fieldLength(record: number): number {
    return this.#table.keyLength(record);
  }

  /** First byte of the value. */
  valueStart(record: number): number {
    return this.#table.keyStart(record) + this.#table.keyLength(record);
  }

  /** Length of the value, 0 in a set. */
  valueLength(record: number): number {
    if (!this.#withValues) return 0;
    return this.#arena.wordsOf(record)[this.#arena.wordOf(record) + 1]!;
  }

  /** Visits records of one bucket; see ByteTable.scan. */
  scan(cursor: number, visit: Visit): number {
    return this.#table.scan(cursor, visit);
  }

  /** Visits every record once. */
  forEach(visit: VisitHashed): void {
    this.#table.forEach(visit);
  }

  /** A record at random, 0 in an empty table. `random` gives unsigned 32-bit numbers. */
  random(random: () => number): number {
    return this.#table.random(random);
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Adds a member. False if it was there. `hash`, here and in {@link find}, must be hashBytes of it. */
  add(buf: Uint8Array, start: number, end: number, hash: number = hashBytes(buf, start, end)): boolean {
    if (this.#table.find(buf, start, end, hash) !== 0) return false;
    if (this.guard !== null) this.guard.touch(hash);
    this.#insert(hash, buf, start, end, 0);
    return true;
  }

  /** Sets a field's value. True if the field is new. */
  set(buf: Uint8Array, start: number, end: number, value: Uint8Array, from: number, to: number): boolean {
    const hash = hashBytes(buf, start, end);
    let record = this.#table.find(buf, start, end, hash);
    if (this.guard !== null) this.guard.touch(hash);
    const isNew = record === 0;
    if (isNew) record = this.#insert(hash, buf, start, end, to - from);
    else record = this.#resize(record, hash, to - from);
    this.#arena.wordsOf(record)[this.#arena.wordOf(record) + 1] = to - from;
    copyBytes(value, from, to, this.bytes(record), this.valueStart(record));
    return isNew;
  }

  /** Removes a field. False if there was none. */
  delete(buf: Uint8Array, start: number, end: number): boolean {
    const hash = hashBytes(buf, start, end);
    const record = this.#table.find(buf, start, end, hash);
    if (record === 0) return false;
    if (this.guard !== null) this.guard.touch(hash);
    this.#table.remove(hash, record);
    this.#free(record);
    return true;
  }

  /** Removes a record. */
  deleteRecord(record: number): void {
    const hash = this.#table.hashOf(record);
    if (this.guard !== null) this.guard.touch(hash);
    this.#table.remove(hash, record);
    this.#free(record);
  }

  /** Makes room for so many fields. */
  reserve(count: number): void {
    this.#table.reserve(count);
  }

  cloneInto(arena: Arena): FieldTable {
    const copy = new FieldTable(arena, this.#withValues);
    copy.reserve(this.length);
    this.forEach((record) => {
      const bytes = this.bytes(record);
      const start = this.fieldStart(record);
      const end = start + this.fieldLength(record);
      if (this.#withValues) copy.set(bytes, start, end, bytes, end, end + this.valueLength(record));
      else copy.add(bytes, start, end);
    });
    return copy;
  }

  get freeEffort(): number {
    return this.length;
  }

  release(budget: number): boolean {
    return this.#table.drain(budget, (record) => this.#free(record));
  }

  #insert(hash: number, buf: Uint8Array, start: number, end: number, valueLength: number): number {
    const extra = this.#withValues ? 1 : 0;
    const record = this.#arena.alloc(WORD + extra * WORD + (end - start) + valueLength);
    this.#recordBytes += this.#arena.capacityOf(record);
    this.#arena.wordsOf(record)[this.#arena.wordOf(record)] = recordHead(end - start, extra);
    copyBytes(buf, start, end, this.bytes(record), this.#arena.offsetOf(record) + WORD + extra * WORD);
    this.#table.insert(hash, record);
    return record;
  }

  /** A record for the same field with room for a value of this length. */
  #resize(record: number, hash: number, valueLength: number): number {
    const head = 2 * WORD + this.fieldLength(record);
    const capacity = this.#arena.capacityOf(record);
    const isHeld = this.guard !== null && this.guard.holds(record);
    if (!isHeld && capacity === Arena.sizeFor(head + valueLength)) return record;
    const moved = this.#arena.alloc(head + valueLength);
    this.#recordBytes += this.#arena.capacityOf(moved) - capacity;
    const from = this.#arena.offsetOf(record);
    copyBytes(this.bytes(record), from, from + head, this.bytes(moved), this.#arena.offsetOf(moved));
    this.#table.relocate(hash, record, moved);
    this.#arena.free(record);
    return moved;
  }

  #free(record: number): void {
    this.#recordBytes -= this.#arena.capacityOf(record);
    this.#arena.free(record);
  }
}
