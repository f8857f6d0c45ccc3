/**
 * A walk over a large hash or set that sees it as it was when the walk began, while it is being changed.
 *
 * A snapshot writes a set of ten million members over seconds, and the set cannot wait for that. Nor is it copied: the walk
 * goes through the buckets of the table as it was at the beginning (the low bits of the hashes, of which a record's never
 * change, whatever growing, shrinking and shifting does to its place), and the table tells it of each hash that it is about
 * to change. Where the walk has not been yet, it then sets aside what the bucket holds, a record or two, and will pass the
 * bucket over. So a change costs what it touches, not what there is, and what it costs in memory is what was changed and a
 * bit for each bucket.
 */
import { EMPTY_BYTES } from "./bytes.ts";
import type { FieldTable } from "./field_table.ts";
import { endWalk, type Guard } from "./kind.ts";
import { PairQueue } from "./pair_queue.ts";

/** See the file comment. {@link close} must be called in the end, however that comes. */
export class TableWalk implements Guard {
  /** Fields that there were when the walk began: so many come. */
  readonly count: number;
  /** The current field, `buf[start, end)`, and its value up to `valueEnd`; they stay as they are until {@link next}. */
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;
  valueEnd = 0;
  whenDone: (() => void) | null = null;
  readonly #fields: FieldTable;
  /** The bits of a hash that tell the bucket. */
  readonly #mask: number;
  /** The bucket behind the one that {@link #batch} came from. */
  #bucket = 0;
  /** Records of the current bucket; those from `#at` on are still to come. */
  readonly #batch: number[] = [];
  #at = 0;
  #current = 0;
  /** A bit for each bucket whose records were set aside. */
  #touched: Uint8Array | null = null;
  /** Fields and values set aside. */
  readonly #kept = new PairQueue();
  readonly #collect = (record: number): void => void this.#batch.push(record);
  readonly #keep = (record: number): void => this.#setAside(record);

  /** Begins to walk. Only one walk at a time hears of changes: beside another one nothing may change until the end. */
  constructor(fields: FieldTable) {
    this.#fields = fields;
    this.#mask = fields.table.mask;
    this.count = fields.length;
    fields.guard ??= this;
  }

  /** Goes on to the next field; false behind the last. */
  next(): boolean {
    if (this.#nextKept()) return true;
    while (this.#at === this.#batch.length) {
      this.#batch.length = this.#at = 0;
      if (this.#bucket > this.#mask) {
        this.#current = 0;
        return false;
      }
      const bucket = this.#bucket++;
      if (!this.#isTouched(bucket)) this.#fields.table.visitBucket(bucket, this.#mask, this.#collect);
    }
    const record = this.#current = this.#batch[this.#at++]!;
    const fields = this.#fields;
    this.buf = fields.bytes(record);
    this.start = fields.fieldStart(record);
    this.end = this.start + fields.fieldLength(record);
    this.valueEnd = this.end + fields.valueLength(record);
    return true;
  }

  /** The table need not tell of changes any more. */
  close(): void {
    this.#kept.clear();
    this.#batch.length = this.#at = 0;
    this.#bucket = this.#mask + 1;
    endWalk(this.#fields, this);
  }

  // -- What the table tells -----------------------------------------------------------------------------------------

  /** A field of this hash is about to be added, changed or removed. */
  touch(hash: number): void {
    const bucket = hash & this.#mask;
    const current = this.#bucket - 1;
    if (bucket < current) return;
    if (bucket === current) {
      while (this.#at < this.#batch.length) this.#setAside(this.#batch[this.#at++]!);
      return;
    }
    if (this.#isTouched(bucket)) return;
    this.#touched ??= new Uint8Array((this.#mask >>> 3) + 1);
    this.#touched[bucket >>> 3]! |= 1 << (bucket & 7);
    this.#fields.table.visitBucket(bucket, this.#mask, this.#keep);
  }

  /**
   * True where the bytes of this record must not be written over. Giving the record back does no harm: what takes so long
   * to write that there is time for it has a buffer of its own, which lives as long as somebody has it.
   */
  holds(record: number): boolean {
    return record === this.#current;
  }

  #isTouched(bucket: number): boolean {
    return this.#touched !== null && (this.#touched[bucket >>> 3]! & (1 << (bucket & 7))) !== 0;
  }

  #setAside(record: number): void {
    const fields = this.#fields;
    const bytes = fields.bytes(record);
    const start = fields.fieldStart(record), end = start + fields.fieldLength(record);
    this.#kept.push(bytes, start, end, bytes, end, end + fields.valueLength(record));
  }

  #nextKept(): boolean {
    const kept = this.#kept;
    if (!kept.shift()) return false;
    this.#current = 0;
    this.buf = kept.buf;
    this.start = kept.start;
    this.end = kept.end;
    this.valueEnd = kept.valueEnd;
    return true;
  }
}
