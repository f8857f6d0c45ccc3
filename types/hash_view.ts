/** One hash as commands see it, in a listpack or large: the only place that knows both. See field_view.ts. */

import { FieldView, type VisitCurrent } from "./field_view.ts";
import { Entry, LP_SAFETY_LIMIT, lpBytes, lpCount, lpFind, lpFirst, lpNext, lpSeek } from "./listpack.ts";
import { ListpackBuilder } from "./listpack_builder.ts";

/** A builder larger than this is given up once its value is stored. */
const KEEP_BUILDER_BYTES = 64 * 1024;

/** A hash of either form. It has a current pair, set by `find`, `at`, `random` and the walks; any change ends it. */
export class HashView extends FieldView<ListpackBuilder> {
  /** `hash-max-listpack-entries` and `hash-max-listpack-value`, for values that grow. */
  maxEntries = 128;
  maxValueBytes = 64;
  /** The current pair. */
  readonly field: Entry = new Entry();
  readonly value: Entry = new Entry();
  /** Offset of the current field in the packed block. */
  #offset = -1;

  constructor() {
    super(new ListpackBuilder(1024));
  }

  get length(): number {
    return this.table === null ? lpCount(this.packed, this.packedStart) >> 1 : this.table.length;
  }

  get packedEnd(): number {
    return this.packedStart + lpBytes(this.packed, this.packedStart);
  }

  override close(): void {
    super.close();
    this.builder.release(KEEP_BUILDER_BYTES);
  }

  // -- Reading --------------------------------------------------------------------------------------------------

  /** Makes the pair of this field the current one; false if there is none. */
  find(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) {
      const record = this.table.find(buf, start, end);
      if (record !== 0) this.showRecord(record);
      return record !== 0;
    }
    if (lpCount(this.packed, this.packedStart) === 0) return false;
    const p = lpFind(this.packed, this.packedStart, buf, start, end, 1);
    if (p < 0) return false;
    this.#showAt(p);
    return true;
  }

  showRecord(record: number): void {
    const table = this.table!;
    const bytes = table.bytes(record);
    const from = table.fieldStart(record);
    const to = from + table.fieldLength(record);
    this.field.set(bytes, from, to, table.words(record));
    this.value.set(bytes, to, to + table.valueLength(record));
  }

  at(index: number): void {
    this.#showAt(lpSeek(this.packed, this.packedStart, index * 2));
  }

  protected forEachPacked(visit: VisitCurrent): void {
    let p = lpFirst(this.packed, this.packedStart);
    while (p >= 0) {
      this.#showAt(p);
      if (visit() === false) return;
      p = lpNext(this.packed, lpNext(this.packed, p));
    }
  }

  #showAt(p: number): void {
    this.#offset = p;
    this.field.read(this.packed, p).text();
    this.value.read(this.packed, lpNext(this.packed, p)).text();
  }

  // -- Changing -------------------------------------------------------------------------------------------------

  /** Sets a field. True if it is new. Spans must not lie in this hash. */
  set(buf: Uint8Array, start: number, end: number, value: Uint8Array, from: number, to: number): boolean {
    if (this.table === null && !this.#staysPacked(end - start, to - from)) this.enlarge();
    if (this.table !== null) return this.table.set(buf, start, end, value, from, to);
    this.edit();
    if (this.find(buf, start, end)) {
      this.builder.replace(lpNext(this.packed, this.#offset), value, from, to);
      this.takeBuilder();
      return false;
    }
    this.builder.append(buf, start, end);
    this.builder.append(value, from, to);
    this.takeBuilder();
    if (this.length > this.maxEntries) this.enlarge();
    return true;
  }

  /** Removes a field. False if there was none. */
  delete(buf: Uint8Array, start: number, end: number): boolean {
    if (this.table !== null) return this.table.delete(buf, start, end);
    if (!this.find(buf, start, end)) return false;
    const offset = this.#offset - this.packedStart;
    this.edit();
    this.builder.delete(this.packedStart + offset, 2);
    this.takeBuilder();
    return true;
  }

  /** Makes the packed form the large one. */
  enlarge(): void {
    const table = this.newTable(true);
    const { field, value } = this;
    this.forEachPacked(() => {
      table.set(field.buf, field.start, field.end, value.buf, value.start, value.end);
    });
    this.table = table;
  }

  /** True where a pair of these lengths may join the packed form. */
  #staysPacked(field: number, value: number): boolean {
    if (field > this.maxValueBytes || value > this.maxValueBytes) return false;
    return lpBytes(this.packed, this.packedStart) + field + value < LP_SAFETY_LIMIT;
  }
}
