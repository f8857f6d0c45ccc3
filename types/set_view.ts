/** One set as commands see it, an intset or a table: the only place that knows both. See field_view.ts. */

import { parseInt64 } from "./bytes.ts";
import { FieldView, type VisitCurrent } from "./field_view.ts";
import { IntsetBuilder, intsetBytes, intsetGet, intsetHas, intsetLength } from "./intset.ts";
import { Entry } from "./listpack.ts";

/** A set of either form; one that takes a member which is no integer, or too many, becomes a table. */
export class SetView extends FieldView<IntsetBuilder> {
  /** `set-max-intset-entries`, for sets that grow. */
  maxInts = 512;
  /** The current member, set by `at`, `random`, `showRecord` and while `forEach` visits. */
  readonly member: Entry = new Entry();

  constructor() {
    super(new IntsetBuilder());
  }

  get length(): number {
    return this.table === null ? intsetLength(this.packed, this.packedStart) : this.table.length;
  }

  get packedEnd(): number {
    return this.packedStart + intsetBytes(this.packed, this.packedStart);
  }

  // -- Reading --------------------------------------------------------------------------------------------------

  /** True where these bytes are a member. */
  has(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.find(buf, start, end) !== 0;
    const value = parseInt64(buf, start, end);
    return value !== undefined && intsetHas(this.packed, this.packedStart, value);
  }

  /** As {@link has}, for the current member of a set that {@link forEach} walks through. */
  hasCurrentOf(other: SetView): boolean {
    const { isInt, value, buf, start, end } = other.member;
    if (this.table !== null && other.table !== null) {
      return this.table.find(buf, start, end, other.hash) !== 0;
    }
    if (this.table === null && isInt) return intsetHas(this.packed, this.packedStart, value);
    return this.has(buf, start, end);
  }

  at(index: number): void {
    this.member.setInt(intsetGet(this.packed, this.packedStart, index)).text();
  }

  showRecord(record: number): void {
    const table = this.table!;
    const from = table.fieldStart(record);
    this.member.set(table.bytes(record), from, from + table.fieldLength(record), table.words(record));
  }

  protected forEachPacked(visit: VisitCurrent): void {
    const { length } = this;
    for (let i = 0; i < length; i++) {
      this.at(i);
      if (visit() === false) return;
    }
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
    if (intsetHas(this.packed, this.packedStart, value)) return false;
    this.edit();
    this.builder.add(value);
    this.takeBuilder();
    if (this.length > this.maxInts) this.enlarge();
    return true;
  }

  /** As {@link add}, for the current member of a set that {@link forEach} walks through. */
  addCurrentOf(other: SetView): void {
    const { buf, start, end } = other.member;
    if (this.table !== null && other.table !== null) this.table.add(buf, start, end, other.hash);
    else this.add(buf, start, end);
  }

  /** Removes a member. False if there was none. */
  delete(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.delete(buf, start, end);
    const value = parseInt64(buf, start, end);
    if (value === undefined || !intsetHas(this.packed, this.packedStart, value)) return false;
    this.edit();
    this.builder.remove(value);
    this.takeBuilder();
    return true;
  }

  /** Makes an intset a table. */
  enlarge(): void {
    const table = this.newTable(false);
    const { member } = this;
    this.forEachPacked(() => void table.add(member.buf, member.start, member.end));
    this.table = table;
  }
}
