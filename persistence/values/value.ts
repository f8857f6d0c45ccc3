/**
 * What the modules of this folder agree on: how a value that was read is handed over before its key exists.
 *
 * Each module knows one family of types: how its values are written to RDB, and every form in which one was ever
 * written. Reading never touches the keyspace: the value is complete and checked before anyone stores it, so a damaged
 * one leaves no trace.
 */
import type { Database, Expiry } from "../../store.ts";
import type { KindCode, StoredObject } from "../../types/kind.ts";
import type { QuicklistOptions } from "../../types/quicklist_node.ts";
import type { RdbInput, Span } from "../rdb_input.ts";

/** The directives that decide between a type's small and large form; the configuration has them under these names. */
export interface EncodingLimits {
  readonly hashMaxListpackEntries: number;
  readonly hashMaxListpackValue: number;
  readonly setMaxIntsetEntries: number;
  readonly zsetMaxListpackEntries: number;
  readonly zsetMaxListpackValue: number;
}

/** Where values are read to. */
export interface LoadTarget {
  /** The database in which the key will be: large values take their blocks from its arena. */
  db: Database;
  readonly limits: EncodingLimits;
  readonly lists: QuicklistOptions;
  /**
   * True for bytes from a client (RESTORE): also what only a liar could have written is looked for, such as the same
   * field twice in a packed hash. Whatever could lead a reader astray is always looked for.
   */
  deep: boolean;
}

/** A value that was read: bytes that go into the record, or an object. */
export class LoadedValue {
  kind: KindCode = 0;
  /** The inline value is `buf[start, end)`, valid until the next value is read; unused with an object. */
  buf: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  object: StoredObject | null = null;

  /** The value is these bytes. */
  inline(kind: KindCode, buf: Uint8Array, start: number, end: number): void {
    this.kind = kind;
    this.buf = buf;
    this.start = start;
    this.end = end;
    this.object = null;
  }

  /** The value is this object. */
  held(kind: KindCode, object: StoredObject): void {
    this.kind = kind;
    this.object = object;
  }

  /** Gives the object back; for a value that is not stored after all. */
  discard(): void {
    const object = this.object;
    this.object = null;
    if (object !== null) { while (!object.release(1 << 20)); }
  }

  /** Makes it the value of a key, in the place of any other. Returns the record. */
  store(db: Database, buf: Uint8Array, start: number, end: number, expiry: Expiry): number {
    const { object } = this;
    if (object === null) return db.set(buf, start, end, this.kind, this.buf, this.start, this.end, expiry);
    this.object = null;
    return db.setObject(buf, start, end, this.kind, object, expiry);
  }
}

/**
 * Thrown where a collection has no elements: Redis once wrote such keys by mistake. A file that has them is loaded
 * without them, a payload is refused.
 */
export class EmptyValue extends Error {
  override name = "EmptyValue";
}

/** Reads a string that holds a packed collection and checks it, or refuses it. */
export function packedString(
  input: RdbInput,
  what: string,
  valid: (buf: Uint8Array, start: number, end: number, deep: boolean) => boolean,
): Span {
  const span = input.string();
  if (!valid(span.buf, span.start, span.end, true)) input.fail(`damaged ${what}`);
  return span;
}
