/** Strings in RDB. */
import type { Database } from "../../store.ts";
import { parseInt64 } from "../../types/bytes.ts";
import { EMBSTR_LIMIT, Kind } from "../../types/kind.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import type { LoadedValue } from "./value.ts";

/** Writes the string of a record. */
export function saveString(writer: RdbWriter, db: Database, addr: number): void {
  const start = db.valueStart(addr);
  writer.string(db.bytes(addr), start, start + db.valueLength(addr));
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
