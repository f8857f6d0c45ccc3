/**
 * One set as commands see it, an intset or a table: the only place that knows both.
 *
 * A view is made once and shown one value after another. It reads an intset where it lies; the first change copies it into the
 * view's builder, from where the owner stores it again. A table is changed in place. A set that takes a member which is
 * no integer, or too many members, becomes a table (`table` is no longer null).
 */

import type { Arena } from "./arena.ts";
import type { Visit } from "./byte_table.ts";
import { EMPTY_BYTES, parseInt64 } from "./bytes.ts";
import { FieldTable } from "./field_table.ts";
import { IntsetBuilder, intsetBytes, intsetGet, intsetHas, intsetLength } from "./intset.ts";
import { Entry } from "./listpack.ts";

/** A set of either form. */
export class SetView {
  /** `set-max-intset-entries`, for sets that grow. */
  maxInts = 512;
  /** The large value, null while it is an intset. */
  table: FieldTable | null = null;
  /** The current member, set by `at`, `random`, `showRecord` and while `forEach` visits. */
  readonly member: Entry = new Entry();
  #arena: Arena | null = null;
  #buf: Uint8Array = EMPTY_BYTES;
  #start = 0;
  readonly #builder = new IntsetBuilder();
  #editing = false;

  /** Shows an intset. `arena` is where it goes if it becomes a table. */
  showInts(buf: Uint8Array, start: number, arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.#buf = buf;
    this.#start = start;
    this.#editing = false;
    return this;
  }

  /** Shows a table. */
  showTable(table: FieldTable): this {
    this.table = table;
    this.#editing = false;
    return this;
  }

  /** Shows a set without members. */
  showEmpty(arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.#builder.clear();
    this.#editing = true;
    this.#takeBuilder();
    return this;
  }

  /** Number of members. */
  get length(): number {
    return this.table === null ? intsetLength(this.#buf, this.#start) : this.table.length;
  }

  /** The intset, to be stored: `ints[intsStart, intsEnd)`. */
  get ints(): Uint8Array {
    return this.#buf;
  }

  get intsStart(): number {
    return this.#start;
  }

  get intsEnd(): number {
    return this.#start + intsetBytes(this.#buf, this.#start);
  }

  /** Lets go of what it showed. */
  close(): void {
    this.table = null;
    this.#arena = null;
    this.#buf = EMPTY_BYTES;
  }

  // -- Reading --------------------------------------------------------------------------------------------------

  /** True where these bytes are a member. */
  has(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.find(buf, start, end) !== 0;
    const value = parseInt64(buf, start, end);
    return value !== undefined && intsetHas(this.#buf, this.#start, value);
  }

  /** Makes the member with this index of an intset the current one. */
  at(index: number): void {
    this.member.isInt = true;
    this.member.value = intsetGet(this.#buf, this.#start, index);
    this.member.text();
  }

  /** Makes a record of the table the current member. */
  showRecord(record: number): void {
    const table = this.table!;
    const from = table.fieldStart(record);
    this.member.set(table.bytes(record), from, from + table.fieldLength(record));
  }

  /** Calls back for each member, which is then the current one, until `visit` says false. The set must not change meanwhile. */
  forEach(visit: () => boolean | void): void {
    if (this.table === null) {
      const { length } = this;
      for (let i = 0; i < length; i++) {
        this.at(i);
        if (visit() === false) return;
      }
      return;
    }
    let more = true;
    this.table.forEach((record) => {
      if (!more) return;
      this.showRecord(record);
      if (visit() === false) more = false;
    });
  }

  /** As FieldTable.scan, for a table. */
  scan(cursor: number, visit: Visit): number {
    return this.table!.scan(cursor, visit);
  }

  /** Makes a random member the current one; the set is not empty. */
  random(random: () => number): void {
    if (this.table !== null) this.showRecord(this.table.random(random));
    else this.at(Math.floor(random() / 4294967296 * this.length));
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Adds a member. False if it was there. The span must not lie in this set. */
  add(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.add(buf, start, end);
    const value = parseInt64(buf, start, end);
    if (value === undefined) {
      this.enlarge();
      return this.table!.add(buf, start, end);
    }
    if (intsetHas(this.#buf, this.#start, value)) return false;
    this.#edit();
    this.#builder.add(value);
    this.#takeBuilder();
    if (this.length > this.maxInts) this.enlarge();
    return true;
  }

  /** Removes a member. False if there was none. */
  delete(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.delete(buf, start, end);
    const value = parseInt64(buf, start, end);
    if (value === undefined || !intsetHas(this.#buf, this.#start, value)) return false;
    this.#edit();
    this.#builder.remove(value);
    this.#takeBuilder();
    return true;
  }

  /** Makes an intset a table. */
  enlarge(): void {
    const table = new FieldTable(this.#arena!, false);
    const { member, length } = this;
    if (length > 0) table.reserve(length);
    for (let i = 0; i < length; i++) {
      this.at(i);
      table.add(member.buf, member.start, member.end);
    }
    this.table = table;
  }

  #edit(): void {
    if (this.#editing) return;
    this.#builder.load(this.#buf, this.#start);
    this.#editing = true;
    this.#takeBuilder();
  }

  #takeBuilder(): void {
    this.#buf = this.#builder.buf;
    this.#start = 0;
  }
}
