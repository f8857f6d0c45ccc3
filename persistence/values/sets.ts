/** Sets in RDB: one by one, one intset, one listpack (7.2, which becomes a table here). */
import type { Database } from "../../store.ts";
import { intsetLength, intsetValidate } from "../../types/intset.ts";
import { Kind } from "../../types/kind.ts";
import { RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

/** Writes the set of a record. */
export function saveSet(writer: RdbWriter, db: Database, addr: number): void {
  if (db.kind(addr) === Kind.SET_INTS) {
    const start = db.valueStart(addr);
    return writer.string(db.bytes(addr), start, start + db.valueLength(addr));
  }
  throw new Error("large sets do not exist yet");
}

/** Reads a set of any type. Throws {@link EmptyValue} where it has no members. */
export function loadSet(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  if (type === RdbType.SET_INTSET) {
    const { buf, start, end } = packedString(input, "intset", intsetValidate);
    if (intsetLength(buf, start) === 0) throw new EmptyValue();
    if (intsetLength(buf, start) <= target.limits.setMaxIntsetEntries) {
      return out.inline(Kind.SET_INTS, buf, start, end);
    }
  }
  input.fail("large sets do not exist yet");
}
