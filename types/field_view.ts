/**
 * What hash_view.ts and set_view.ts have in common: one value as commands see it, packed or large.
 *
 * A view is made once and shown one value after another. It reads a packed value where it lies; the first change copies it
 * into the view's builder, from where the owner stores it again. A large value, a FieldTable, is changed in place. A packed
 * value that outgrows the limits becomes a large one (`table` is no longer null). Which is shown, and how a packed one is
 * laid out, nobody else knows.
 */

import type { Arena } from "./arena.ts";
import { EMPTY_BYTES } from "./bytes.ts";
import { FieldTable } from "./field_table.ts";

/** What both packed forms are changed with: ListpackBuilder, IntsetBuilder. */
interface PackedBuilder {
  /** The value begins at `buf[start]`. */
  readonly buf: Uint8Array;
  readonly start: number;
  clear(): void;
  load(from: Uint8Array, start: number): void;
}

/** Called for each element, which is then the view's current one; false ends the walk. */
export type VisitCurrent = () => boolean | void;

/** A hash or a set of either form. */
export abstract class FieldView<B extends PackedBuilder = PackedBuilder> {
  /** The large value, null while it is packed. */
  table: FieldTable | null = null;
  /** The packed value, to be stored: `packed[packedStart, packedEnd)`. Meaningless where `table` is not null. */
  packed: Uint8Array = EMPTY_BYTES;
  packedStart = 0;
  /** Hash of the current element of a table while {@link forEach} walks through it: other tables need not compute it. */
  hash = 0;
  protected readonly builder: B;
  #arena: Arena | null = null;
  #editing = false;
  #visit: VisitCurrent | null = null;

  constructor(builder: B) {
    this.builder = builder;
  }

  /** Number of elements. */
  abstract get length(): number;

  abstract get packedEnd(): number;

  /** Makes the element with this index of a packed value the current one. */
  abstract at(index: number): void;

  /** Makes a record of the large form the current element. */
  abstract showRecord(record: number): void;

  /** {@link forEach} of a packed value. */
  protected abstract forEachPacked(visit: VisitCurrent): void;

  // -- What it shows --------------------------------------------------------------------------------------------

  /** Shows a packed value. `arena` is where it goes if it grows too large. */
  showPacked(buf: Uint8Array, start: number, arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.packed = buf;
    this.packedStart = start;
    this.#editing = false;
    return this;
  }

  /** Shows a large value. */
  showTable(table: FieldTable): this {
    this.table = table;
    this.#editing = false;
    return this;
  }

  /** Shows a value without elements, packed. */
  showEmpty(arena: Arena): this {
    this.table = null;
    this.#arena = arena;
    this.builder.clear();
    this.#editing = true;
    this.takeBuilder();
    return this;
  }

  /** Lets go of what it showed. */
  close(): void {
    this.table = null;
    this.#arena = null;
    this.packed = EMPTY_BYTES;
  }

  // -- Walking --------------------------------------------------------------------------------------------------

  /** Calls back for each element. The value must not change meanwhile. */
  forEach(visit: VisitCurrent): void {
    if (this.table === null) return this.forEachPacked(visit);
    let more = true;
    this.table.forEach((record, hash) => {
      if (!more) return;
      this.hash = hash;
      this.showRecord(record);
      if (visit() === false) more = false;
    });
  }

  /** One step of a scan from `cursor` (0 at first). Returns the next cursor, 0 at the end. A packed value is visited whole. */
  scan(cursor: number, visit: () => void): number {
    if (this.table === null) {
      this.forEachPacked(visit);
      return 0;
    }
    this.#visit = visit;
    return this.table.scan(cursor, this.#visitRecord);
  }

  readonly #visitRecord = (record: number): void => {
    this.showRecord(record);
    this.#visit!();
  };

  /** Makes a random element the current one; the value is not empty. */
  random(random: () => number): void {
    if (this.table !== null) this.showRecord(this.table.random(random));
    else this.at(Math.floor(random() / 4294967296 * this.length));
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** An empty table with room for what is shown; the one to be, in a packed value's place. */
  protected newTable(withValues: boolean): FieldTable {
    const table = new FieldTable(this.#arena!, withValues);
    if (this.length > 0) table.reserve(this.length);
    return table;
  }

  /** The packed value is about to change: it is in the builder from now on. */
  protected edit(): void {
    if (this.#editing) return;
    this.builder.load(this.packed, this.packedStart);
    this.#editing = true;
    this.takeBuilder();
  }

  /** The builder was changed. */
  protected takeBuilder(): void {
    this.packed = this.builder.buf;
    this.packedStart = this.builder.start;
  }
}
