/** RDB files as the course's tester makes and reads them; independent of the server's own reader and writer. */
import { toBytes, toText } from "../helpers/bytes.ts";
import { concat } from "../helpers/resp.ts";

/** A string key for an RDB file; `expiresAt` in unix milliseconds. */
export interface RdbKey {
  key: string;
  value: string;
  expiresAt?: number;
}

/**
 * The version that the course's files have, or CODECRAFTERS_RDB_VERSION: redis-server 7.0 itself reads only up to 10,
 * and with that it passes every stage, which is how this judge is checked.
 */
const VERSION = (Deno.env.get("CODECRAFTERS_RDB_VERSION") ?? "11").padStart(4, "0");

/** A version 11 file as one of the wanted version (without a checksum, when it had to be changed). */
export function asVersion(file: Uint8Array): Uint8Array {
  if (VERSION === "0011") return file;
  file.set(toBytes(VERSION), 5);
  file.fill(0, file.length - 8);
  return file;
}

const short = (text: string): Uint8Array => concat([new Uint8Array([text.length]), toBytes(text)]);

/** A file with these keys in database 0 and a valid checksum. */
export function rdbFile(keys: readonly RdbKey[]): Uint8Array {
  const parts = [
    toBytes("REDIS" + VERSION),
    new Uint8Array([0xfa]),
    short("redis-ver"),
    short("7.2.0"),
    new Uint8Array([0xfa]),
    short("redis-bits"),
    new Uint8Array([0xc0, 64]),
    new Uint8Array([0xfe, 0, 0xfb, keys.length, keys.filter((key) => key.expiresAt !== undefined).length]),
  ];
  for (const { key, value, expiresAt } of keys) {
    if (expiresAt !== undefined) {
      const time = new Uint8Array(9);
      time[0] = 0xfc;
      new DataView(time.buffer).setBigUint64(1, BigInt(expiresAt), true);
      parts.push(time);
    }
    parts.push(new Uint8Array([0]), short(key), short(value));
  }
  parts.push(new Uint8Array([0xff]));
  const body = concat(parts);
  const checksum = new Uint8Array(8);
  new DataView(checksum.buffer).setBigUint64(0, crc64(body), true);
  return concat([body, checksum]);
}

/** CRC-64 "Jones", bit by bit: these files are small. */
function crc64(bytes: Uint8Array): bigint {
  const reversed = 0x95ac9329ac4bc9b5n;
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ reversed : crc >> 1n;
  }
  return crc;
}

/** Throws unless the bytes are an RDB file from the magic to the end opcode (strings only, the rest is not expected). */
export function checkRdbFile(bytes: Uint8Array): void {
  const head = toText(bytes, 0, Math.min(9, bytes.length));
  const version = Number(head.slice(5));
  if (!/^REDIS\d{4}$/.test(head) || version < 1 || version > 12) throw new Error(`not an RDB file: ${head}`);
  let at = 9;
  const byte = (): number => {
    if (at >= bytes.length) throw new Error("the RDB file ends too early");
    return bytes[at++]!;
  };
  const skip = (count: number): void => {
    at += count;
    if (at > bytes.length) throw new Error("the RDB file ends too early");
  };
  const length = (): number => {
    const first = byte();
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 0x3f) << 8) | byte();
    if (first === 0x80) return [byte(), byte(), byte(), byte()].reduce((sum, part) => sum * 256 + part, 0);
    throw new Error(`length encoding ${first} is not expected here`);
  };
  const string = (): void => {
    const first = bytes[at] ?? 0;
    if (first >= 0xc0 && first <= 0xc2) skip(1 + (1 << (first - 0xc0)));
    else if (first === 0xc3) {
      at++;
      const packed = length();
      length();
      skip(packed);
    } else skip(length());
  };
  while (true) {
    const opcode = byte();
    if (opcode === 0xff) break;
    else if (opcode === 0xfa) [string(), string()];
    else if (opcode === 0xfe) length();
    else if (opcode === 0xfb) [length(), length()];
    else if (opcode === 0xf5) string();
    else if (opcode === 0xfc) skip(8);
    else if (opcode === 0xfd) skip(4);
    else if (opcode === 0) [string(), string()];
    else throw new Error(`opcode ${opcode} is not expected in this RDB file`);
  }
  if (version >= 5 && bytes.length - at !== 8) {
    throw new Error(`${bytes.length - at} bytes after the RDB's end, not 8`);
  }
}
