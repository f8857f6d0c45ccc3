/** Hashes in RDB: one by one, one zipmap (until 2.4), one ziplist (2.6), one listpack (7.0). */
import type { Database } from "../../store.ts";
import { Kind } from "../../types/kind.ts";
import {
  Entry,
  LP_SAFETY_LIMIT,
  lpCount,
  lpFind,
  lpFirst,
  lpNext,
  lpValidate,
} from "../../types/listpack.ts";
import { ListpackBuilder } from "../../types/listpack_builder.ts";
import { RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { unpackZiplist, unpackZipmap } from "../ziplist.ts";
import { EmptyValue, type LoadedValue, type LoadTarget, packedString } from "./value.ts";

const pack = new ListpackBuilder(1024);
const entry = new Entry();

/** Writes the hash of a record. */
export function saveHash(writer: RdbWriter, db: Database, addr: number): void {
  if (db.kind(addr) === Kind.HASH_PACKED) {
    const start = db.valueStart(addr);
    return writer.string(db.bytes(addr), start, start + db.valueLength(addr));
  }
  throw new Error("large hashes do not exist yet");
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
      return takePacked(input, pack.buf, pack.start, pack.end, target, out);
    }
    default:
      input.fail("large hashes do not exist yet");
  }
}

function takePacked(
  input: RdbInput,
  buf: Uint8Array,
  start: number,
  end: number,
  target: LoadTarget,
  out: LoadedValue,
): void {
  if (lpCount(buf, start) % 2 !== 0) input.fail("a hash with a field without value");
  const fields = lpCount(buf, start) >> 1;
  if (fields === 0) throw new EmptyValue();
  if (fields <= target.limits.hashMaxListpackEntries) {
    if (target.deep) checkDistinct(input, buf, start);
    return out.inline(Kind.HASH_PACKED, buf, start, end);
  }
  input.fail("large hashes do not exist yet");
}

function checkDistinct(input: RdbInput, buf: Uint8Array, start: number): void {
  for (let p = lpFirst(buf, start); p !== -1; p = lpNext(buf, lpNext(buf, p))) {
    entry.readText(buf, p);
    if (lpFind(buf, start, entry.buf, entry.start, entry.end, 1) !== p) {
      input.fail("a hash with a field twice");
    }
  }
}
void LP_SAFETY_LIMIT;
