/** Sets in RDB: one by one, one intset, one listpack (7.2, which becomes a table here). */
import type { Database } from "../../store.ts";
import { parseInt64 } from "../../types/bytes.ts";
import { FieldTable } from "../../types/field_table.ts";
import { IntsetBuilder, intsetGet, intsetLength, intsetValidate } from "../../types/intset.ts";
import { Kind } from "../../types/kind.ts";
import { Entry, lpCount, lpFirst, lpNext, lpValidate } from "../../types/listpack.ts";
import { RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { type Rest, tableRest } from "./rest.ts";
import { saveString } from "./strings.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

const TWICE = "a set with a member twice";

const ints = new IntsetBuilder();
const entry = new Entry();
/** Shows an integer as the text that a table holds. */
const text = new Entry();

/** Begins to write the set of a record; what is left of it, null where that is nothing. */
export function saveSet(writer: RdbWriter, db: Database, addr: number): Rest | null {
  return db.kind(addr) === Kind.SET_INTS
    ? saveString(writer, db, addr)
    : tableRest(writer, db.object<FieldTable>(addr), false);
}

/** Reads a set of any type. Throws {@link EmptyValue} where it has no members. */
export function loadSet(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  switch (type) {
    case RdbType.SET_INTSET: {
      const { buf, start, end } = packedString(input, "intset", intsetValidate);
      const members = intsetLength(buf, start);
      if (members <= target.limits.setMaxIntsetEntries) return out.inline(Kind.SET_INTS, buf, start, end);
      return spread(tableFor(target, members, out), buf, start);
    }
    case RdbType.SET_LISTPACK: {
      const { buf, start } = packedString(input, "listpack of a set", lpValidate);
      if (lpCount(buf, start) === 0) throw new EmptyValue();
      const table = tableFor(target, lpCount(buf, start), out);
      for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, p)) {
        entry.readText(buf, p);
        if (!table.add(entry.buf, entry.start, entry.end)) input.fail(TWICE);
      }
      return;
    }
    default:
      loadMembers(input, target, out);
  }
}

/** Puts the integers of an intset into a table. */
function spread(table: FieldTable, buf: Uint8Array, start: number): void {
  for (let i = 0; i < intsetLength(buf, start); i++) {
    text.isInt = true;
    text.value = intsetGet(buf, start, i);
    text.text();
    table.add(text.buf, text.start, text.end);
  }
}

function tableFor(target: LoadTarget, members: number, out: LoadedValue): FieldTable {
  const table = new FieldTable(target.db.arena, false);
  out.held(Kind.SET, table);
  table.reserve(members);
  return table;
}

/** Reads members one by one: into an intset as long as all are integers and few, else into a table. */
function loadMembers(input: RdbInput, target: LoadTarget, out: LoadedValue): void {
  const members = input.count(1);
  if (members === 0) throw new EmptyValue();
  let table = members > target.limits.setMaxIntsetEntries ? tableFor(target, members, out) : null;
  ints.clear();
  for (let left = members; left > 0; left--) {
    const { buf, start, end } = input.string();
    const value = table === null ? parseInt64(buf, start, end) : undefined;
    if (table === null && value === undefined) {
      table = tableFor(target, members, out);
      spread(table, ints.buf, 0);
    }
    if (table === null ? !ints.add(value!) : !table.add(buf, start, end)) input.fail(TWICE);
  }
  if (table === null) out.inline(Kind.SET_INTS, ints.buf, 0, ints.length);
}
