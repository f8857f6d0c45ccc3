/**
 * One hash as commands see it, packed or large: the only place that knows both.
 *
 * A view is made once and shown one value after another. It reads a packed value where it lies; the first change copies it
 * into the view's builder, from where the owner stores it again. A large value is changed in place. A packed value that
 * outgrows the limits becomes a large one (`table` is no longer null).
 *
 * The view has a current pair, set by `find`, `first`, `next` and `at`; any change ends it.
 */

import type { Arena } from "./arena.ts";
import type { Visit } from "./byte_table.ts";
import { EMPTY_BYTES } from "./bytes.ts";
import { FieldTable } from "./field_table.ts";
import {
  Entry,
  LP_EMPTY_BYTES,
  LP_SAFETY_LIMIT,
  lpBytes,
  lpCount,
  lpFind,
  lpFirst,
  lpNext,
  lpSeek,
} from "./listpack.ts";
import { ListpackBuilder } from "./listpack_builder.ts";

/** A builder larger than this is given up once its value is stored. */
const KEEP_BUILDER_BYTES = 64 * 1024;

/** A hash of either form. */
export class HashView {
  /** `hash-max-listpack-entries` and `hash-max-listpack-value`, for values that grow. */
  maxEntries = 128;
  maxValueBytes = 64;
  /** The large value, null while it is packed. */
  table: FieldTable | null = null;
  /** The current pair. */
  readonly field: Entry = new Entry();
  readonly value: Entry = new Entry();
  #arena: Arena | null = null;
  #buf: Uint8Array = EMPTY_BYTES;
  #start = 0;
  readonly #builder = new ListpackBuilder(1024);
  #editing = false;
  /** Offset of the current field in the packed block, -1 for none. */
  #offset = -1;

  /** Shows a packed value. `arena` is where it goes if it grows too large. */
  showPacked(buf: Uint8Array, start: number, arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.#buf = buf;
    this.#start = start;
    this.#editing = false;
    this.#offset = -1;
    return this;
  }

  /** Shows a large value. */
  showTable(table: FieldTable): this {
    this.table = table;
    this.#editing = false;
    this.#offset = -1;
    return this;
  }

  /** Shows a hash without fields, packed. */
  showEmpty(arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.#builder.clear();
    this.#editing = true;
    this.#takeBuilder();
    return this;
  }

  /** Number of fields. */
  get length(): number {
    return this.table === null ? lpCount(this.#buf, this.#start) >> 1 : this.table.length;
  }

  /** The packed value, to be stored: `packed[packedStart, packedEnd)`. */
  get packed(): Uint8Array {
    return this.#buf;
  }

  get packedStart(): number {
    return this.#start;
  }

  get packedEnd(): number {
    return this.#start + lpBytes(this.#buf, this.#start);
  }

  /** Lets go of large buffers. */
  close(): void {
    this.table = null;
    this.#arena = null;
    this.#buf = EMPTY_BYTES;
    this.#builder.release(KEEP_BUILDER_BYTES);
  }

  // -- Reading --------------------------------------------------------------------------------------------------

  /** Makes the pair of this field the current one; false if there is none. */
  find(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) {
      const record = this.table.find(buf, start, end);
      if (record !== 0) this.showRecord(record);
      return record !== 0;
    }
    if (lpCount(this.#buf, this.#start) === 0) return false;
    const p = lpFind(this.#buf, this.#start, buf, start, end, 1);
    if (p < 0) return false;
    this.#showAt(p);
    return true;
  }

  /** Makes a record of the large form the current pair. */
  showRecord(record: number): void {
    const table = this.table!;
    const bytes = table.bytes(record);
    const from = table.fieldStart(record);
    const to = from + table.fieldLength(record);
    this.field.set(bytes, from, to);
    this.value.set(bytes, to, to + table.valueLength(record));
  }

  /** The first pair of a packed hash; false if there is none. */
  first(): boolean {
    if (lpCount(this.#buf, this.#start) === 0) return false;
    this.#showAt(lpFirst(this.#buf, this.#start));
    return true;
  }

  /** The next pair of a packed hash; false after the last. */
  next(): boolean {
    const p = lpNext(this.#buf, lpNext(this.#buf, this.#offset));
    if (p < 0) return false;
    this.#showAt(p);
    return true;
  }

  /** The pair with this index in a packed hash. */
  at(index: number): void {
    this.#showAt(lpSeek(this.#buf, this.#start, index * 2));
  }

  /** Calls back for each pair, which is then the current one. The view must not be changed meanwhile. */
  forEach(visit: () => void): void {
    if (this.table === null) {
      for (let ok = this.first(); ok; ok = this.next()) visit();
      return;
    }
    this.table.forEach((record) => {
      this.showRecord(record);
      visit();
    });
  }

  /** As FieldTable.scan, for the large form. */
  scan(cursor: number, visit: Visit): number {
    return this.table!.scan(cursor, visit);
  }

  /** Makes a random pair the current one; the hash is not empty. */
  random(random: () => number): void {
    if (this.table !== null) this.showRecord(this.table.random(random));
    else this.at(Math.floor(random() / 4294967296 * this.length));
  }

  #showAt(p: number): void {
    this.#offset = p;
    this.field.read(this.#buf, p).text();
    this.value.read(this.#buf, lpNext(this.#buf, p)).text();
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Sets a field. True if it is new. Spans must not lie in this hash. */
  set(buf: Uint8Array, start: number, end: number, value: Uint8Array, from: number, to: number): boolean {
    if (this.table === null && !this.#staysPacked(end - start, to - from)) this.enlarge();
    if (this.table !== null) return this.table.set(buf, start, end, value, from, to);
    this.#edit();
    if (this.find(buf, start, end)) {
      this.#builder.replace(lpNext(this.#buf, this.#offset), value, from, to);
      this.#takeBuilder();
      return false;
    }
    this.#builder.append(buf, start, end);
    this.#builder.append(value, from, to);
    this.#takeBuilder();
    if (this.length > this.maxEntries) this.enlarge();
    return true;
  }

  /** Removes a field. False if there was none. */
  delete(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.delete(buf, start, end);
    if (!this.find(buf, start, end)) return false;
    const offset = this.#offset - this.#start;
    this.#edit();
    this.#builder.delete(this.#start + offset, 2);
    this.#takeBuilder();
    return true;
  }

  /** Makes the packed form the large one. */
  enlarge(): void {
    const table = new FieldTable(this.#arena!, true);
    const { field, value } = this;
    if (this.length > 0) table.reserve(this.length);
    for (let ok = this.first(); ok; ok = this.next()) {
      table.set(field.buf, field.start, field.end, value.buf, value.start, value.end);
    }
    this.table = table;
  }

  /** True where a pair of these lengths may join the packed form. */
  #staysPacked(field: number, value: number): boolean {
    if (field > this.maxValueBytes || value > this.maxValueBytes) return false;
    return lpBytes(this.#buf, this.#start) + field + value < LP_SAFETY_LIMIT;
  }

  #edit(): void {
    if (this.#editing) return;
    this.#builder.load(this.#buf, this.#start);
    this.#editing = true;
    this.#takeBuilder();
  }

  #takeBuilder(): void {
    this.#buf = this.#builder.buf;
    this.#start = this.#builder.start;
    this.#offset = -1;
  }
}

/** Bytes of a packed hash without fields. */
export const EMPTY_PACKED_BYTES = LP_EMPTY_BYTES;
