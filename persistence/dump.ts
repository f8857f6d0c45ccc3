/**
 * Payloads of DUMP and RESTORE: one value in RDB form, then the RDB version (two bytes) and a CRC64 over all before.
 *
 * A payload comes from a client and may be anything: it is checked down to the last element before the caller hears
 * that there is a value, and nothing is stored here.
 */
import type { Database } from "../store.ts";
import { Crc64 } from "./crc64.ts";
import { LAST_TYPE_OF_7_0, Op, RDB_VERSION, RdbType } from "./rdb_format.ts";
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
  return sealed(writer);
}

/** What was written, with version and checksum behind it. */
function sealed(writer: RdbWriter): Uint8Array {
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

/** The payload of FUNCTION DUMP: the source texts of all libraries. @param compress `rdbcompression`. */
export function payloadOfFunctions(sources: Iterable<Uint8Array>, compress: boolean): Uint8Array {
  const writer = new RdbWriter({ compress, checksum: false });
  for (const source of sources) writer.functionLibrary(source);
  return sealed(writer);
}

/** What is wrong with a payload of functions that {@link isPayload}; the texts are Redis's. */
export class FunctionPayloadError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The source texts in a payload of FUNCTION DUMP that {@link isPayload}. @throws FunctionPayloadError */
export function functionsOfPayload(payload: Uint8Array): Uint8Array[] {
  const input = RdbInput.ofBytes(payload, 0, payload.length - FOOTER_BYTES);
  const sources: Uint8Array[] = [];
  while (input.remaining > 0) {
    const type = input.byte();
    if (type === Op.FUNCTION_PRE_GA) throw preGaError(input);
    if (type !== Op.FUNCTION2) throw new FunctionPayloadError("given type is not a function");
    sources.push(partOf(input, "Failed loading library payload"));
  }
  return sources;
}

/** Payloads of a version before the release begin with two names; what is read says which part is missing. */
function preGaError(input: RdbInput): FunctionPayloadError {
  partOf(input, "Failed loading library name");
  partOf(input, "Failed loading engine name");
  return new FunctionPayloadError("Pre-GA function format not supported");
}

function partOf(input: RdbInput, missing: string): Uint8Array {
  try {
    return input.stringCopy();
  } catch (error) {
    if (error instanceof RdbError) throw new FunctionPayloadError(missing);
    throw error;
  }
}
