/** Strings in RDB. */
import type { Database } from "../../store.ts";
import { parseInt64 } from "../../types/bytes.ts";
import { EMBSTR_LIMIT, Kind } from "../../types/kind.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { LONG_STRING_BYTES, longString, type Rest } from "./rest.ts";
import type { LoadedValue } from "./value.ts";

/** Begins to write the bytes of a record that is a string or packed into one; what is left of it, or null. */
export function saveString(writer: RdbWriter, db: Database, addr: number): Rest | null {
  const start = db.valueStart(addr), end = start + db.valueLength(addr);
  if (end - start > LONG_STRING_BYTES) return longString(writer, db.bytes(addr), start, end);
  writer.string(db.bytes(addr), start, end);
  return null;
}

/** Reads a string. */
export function loadString(input: RdbInput, out: LoadedValue): void {
  const { buf, start, end } = input.string();
  const kind = parseInt64(buf, start, end) !== undefined
    ? Kind.INT
    : end - start <= EMBSTR_LIMIT
    ? Kind.EMBSTR
    : Kind.RAW;
  out.inline(kind, buf, start, end);
}
