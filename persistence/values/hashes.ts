/** Hashes in RDB: one by one, one zipmap (until 2.4), one ziplist (2.6), one listpack (7.0). */
import type { Database } from "../../store.ts";
import { FieldTable } from "../../types/field_table.ts";
import { Kind } from "../../types/kind.ts";
import { Entry, lpCount, lpFind, lpFirst, lpNext, lpValidate } from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { unpackZiplist, unpackZipmap } from "../ziplist.ts";
import { type Rest, tableRest } from "./rest.ts";
import { saveString } from "./strings.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

/** Least bytes of a field with its value in the file. */
const LEAST_PAIR_BYTES = 2;
const TWICE = "a hash with a field twice";

const pack = new ListpackBuilder(1024);
const field = new Entry();
const value = new Entry();

/** Begins to write the hash of a record; what is left of it, null where that is nothing. */
export function saveHash(writer: RdbWriter, db: Database, addr: number): Rest | null {
  return db.kind(addr) === Kind.HASH_PACKED
    ? saveString(writer, db, addr)
    : tableRest(writer, db.object<FieldTable>(addr), true);
}

/** Reads a hash of any type. Throws {@link EmptyValue} where it has no fields. */
export function loadHash(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  switch (type) {
    case RdbType.HASH_LISTPACK: {
      const { buf, start, end } = packedString(input, "listpack of a hash", lpValidate);
      return takePacked(input, buf, start, end, target, out);
    }
    case RdbType.HASH_ZIPLIST:
    case RdbType.HASH_ZIPMAP: {
      const { buf, start, end } = input.string();
      pack.clear();
      const unpack = type === RdbType.HASH_ZIPLIST ? unpackZiplist : unpackZipmap;
      if (!unpack(buf, start, end, pack)) input.fail("damaged packed hash");
      // Of these forms only the oldest was written without a limit on the length of values.
      const isLong = type === RdbType.HASH_ZIPMAP && hasLonger(target.limits.hashMaxListpackValue);
      return takePacked(input, pack.buf, pack.start, pack.end, target, out, isLong);
    }
    default:
      loadPairs(input, target, out);
  }
}

function takePacked(
  input: RdbInput,
  buf: Uint8Array,
  start: number,
  end: number,
  target: LoadTarget,
  out: LoadedValue,
  isLong = false,
): void {
  const entries = lpCount(buf, start);
  if (entries === 0) throw new EmptyValue();
  if (entries % 2 !== 0) input.fail("a hash with a field without value");
  if (!isLong && entries / 2 <= target.limits.hashMaxListpackEntries) {
    if (target.deep) checkDistinct(input, buf, start);
    return out.inline(Kind.HASH_PACKED, buf, start, end);
  }
  spread(input, tableFor(target, entries / 2, out), buf, start);
}

/** Whether a field or value of what was unpacked is longer than this. */
function hasLonger(limit: number): boolean {
  for (let p = lpFirst(pack.buf, pack.start); p !== -1; p = lpNext(pack.buf, p)) {
    value.readText(pack.buf, p);
    if (value.end - value.start > limit) return true;
  }
  return false;
}

function checkDistinct(input: RdbInput, buf: Uint8Array, start: number): void {
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, lpNext(buf, p))) {
    field.readText(buf, p);
    if (lpFind(buf, start, field.buf, field.start, field.end, 1) !== p) input.fail(TWICE);
  }
}

/** Puts the pairs of a listpack into a table. */
function spread(input: RdbInput, table: FieldTable, buf: Uint8Array, start: number): void {
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, p)) {
    field.readText(buf, p);
    p = lpNext(buf, p);
    value.readText(buf, p);
    if (!table.set(field.buf, field.start, field.end, value.buf, value.start, value.end)) input.fail(TWICE);
  }
}

function tableFor(target: LoadTarget, fields: number, out: LoadedValue): FieldTable {
  const table = new FieldTable(target.db.arena, true);
  out.held(Kind.HASH, table);
  table.reserve(fields);
  return table;
}

/** Reads pairs one by one: into a listpack as long as they fit one, else into a table. */
function loadPairs(input: RdbInput, target: LoadTarget, out: LoadedValue): void {
  const fields = input.count(LEAST_PAIR_BYTES);
  if (fields === 0) throw new EmptyValue();
  const { hashMaxListpackEntries, hashMaxListpackValue } = target.limits;
  let table = fields > hashMaxListpackEntries ? tableFor(target, fields, out) : null;
  pack.clear();
  for (let left = fields; left > 0; left--) {
    const name = input.stringCopy();
    const { buf, start, end } = input.string();
    if (table === null && (name.length > hashMaxListpackValue || end - start > hashMaxListpackValue)) {
      table = tableFor(target, fields, out);
      spread(input, table, pack.buf, pack.start);
    }
    if (table === null) {
      pack.append(name, 0, name.length);
      pack.append(buf, start, end);
    } else if (!table.set(name, 0, name.length, buf, start, end)) input.fail(TWICE);
  }
  if (table !== null) return;
  if (target.deep) checkDistinct(input, pack.buf, pack.start);
  out.inline(Kind.HASH_PACKED, pack.buf, pack.start, pack.end);
}
