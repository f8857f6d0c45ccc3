/**
 * Payloads of DUMP and RESTORE: one value in RDB form, then the RDB version (two bytes) and a CRC64 over all before.
 *
 * A payload comes from a client and may be anything: it is checked down to the last element before the caller hears
 * that there is a value, and nothing is stored here.
 */
import type { Database } from "../store.ts";
import { Crc64 } from "./crc64.ts";
import { LAST_TYPE_OF_7_0, RDB_VERSION, RdbType } from "./rdb_format.ts";
import { RdbError, RdbInput } from "./rdb_input.ts";
import { RdbWriter } from "./rdb_writer.ts";
import { loadValue, rdbTypeOf, saveWhole } from "./values.ts";
import { EmptyValue, type LoadedValue, type LoadTarget } from "./values/value.ts";

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + 8;

/** The payload of a record. @param compress `rdbcompression`. */
export function dumpRecord(db: Database, addr: number, compress: boolean): Uint8Array {
  const writer = new RdbWriter({ compress, checksum: false });
  writer.byte(rdbTypeOf(db.kind(addr)));
  saveWhole(writer, db, addr);
  writer.byte(RDB_VERSION & 0xff);
  writer.byte(RDB_VERSION >> 8);
  const crc = new Crc64();
  crc.update(writer.buf, 0, writer.length);
  // Room first: making it may replace the buffer.
  const at = writer.room(8);
  crc.writeTo(writer.buf, at);
  return writer.buf.subarray(0, writer.length);
}

/** Bytes of a record's value in an RDB file, without its type. @param compress `rdbcompression`. */
export function payloadBytes(db: Database, addr: number, compress: boolean): number {
  const writer = new RdbWriter({ compress, checksum: false });
  saveWhole(writer, db, addr);
  return writer.length;
}

/**
 * Whether `buf[start, end)` ends in a version that can be read and in the right checksum.
 *
 * @param trusted the checksum is not looked at
 */
export function isPayload(buf: Uint8Array, start: number, end: number, trusted = false): boolean {
  const footer = end - FOOTER_BYTES;
  if (footer < start) return false;
  if ((buf[footer]! | (buf[footer + 1]! << 8)) > RDB_VERSION) return false;
  if (trusted) return true;
  const crc = new Crc64();
  crc.update(buf, start, footer + VERSION_BYTES);
  return crc.matches(buf, footer + VERSION_BYTES);
}

/**
 * Reads the value of a payload that {@link isPayload}.
 *
 * @returns false where the data in it is damaged; nothing is left behind then.
 */
export function readPayload(
  buf: Uint8Array,
  start: number,
  end: number,
  target: LoadTarget,
  out: LoadedValue,
): boolean {
  const input = RdbInput.ofBytes(buf, start, end - FOOTER_BYTES);
  try {
    const type = input.byte();
    if (type > LAST_TYPE_OF_7_0 || type === RdbType.MODULE_PRE_GA) return false;
    loadValue(input, type, target, out);
    return true;
  } catch (error) {
    out.discard();
    if (error instanceof RdbError || error instanceof EmptyValue) return false;
    throw error;
  }
}
