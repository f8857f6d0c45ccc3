/**
 * The packed formats that Redis wrote before the listpack: the ziplist (until 6.2) and the zipmap (until 2.4).
 *
 * They are only ever read, and only once: both are turned into a listpack as they are checked, so that nothing behind
 * this file knows them. A ziplist is
 *
 *     total bytes (u32) | offset of the last entry (u32) | entries (u16, 65535 = unknown) | entry ... | 0xFF
 *
 * with entries of `length of the previous entry | encoding | data`; a zipmap is `fields | field, value ... | 0xFF`
 * where a value is followed by a number of unused bytes. Lengths that do not fit a byte take five (0xFE, then u32).
 */
import { readI32, readI64, readU32 } from "../types/bytes.ts";
import type { ListpackBuilder } from "../types/listpack_builder.ts";

const ZIPLIST_HEADER = 10;
const END = 0xff;
const LONG_LENGTH = 0xfe;
/** First bytes of integers; 0xF1 to 0xFD hold 0 to 12 themselves. */
const INT16 = 0xc0, INT32 = 0xd0, INT64 = 0xe0, INT24 = 0xf0, INT8 = 0xfe;
const STRING_32 = 0x80;
const COUNT_UNKNOWN = 65535;

/**
 * Checks the ziplist `buf[start, end)` and appends its entries to `to`.
 *
 * @returns false where it is not one that could have been written; `to` may then hold some of the entries.
 */
export function unpackZiplist(buf: Uint8Array, start: number, end: number, to: ListpackBuilder): boolean {
  if (end - start < ZIPLIST_HEADER + 1) return false;
  if (readU32(buf, start) !== end - start || buf[end - 1] !== END) return false;
  const last = end - 1;
  let p = start + ZIPLIST_HEADER;
  let previous = 0, count = 0, lastEntry = p;
  while (p < last) {
    const at = p;
    const long = buf[p] === LONG_LENGTH;
    if (buf[p] === END || p + (long ? 5 : 1) >= last) return false;
    if ((long ? readU32(buf, p + 1) : buf[p]!) !== previous) return false;
    p = unpackEntry(buf, p + (long ? 5 : 1), last, to);
    if (p < 0) return false;
    previous = p - at;
    lastEntry = at;
    count++;
  }
  const stored = buf[start + 8]! | (buf[start + 9]! << 8);
  return p === last && readU32(buf, start + 4) === lastEntry - start &&
    (stored === COUNT_UNKNOWN || stored === count);
}

/** Appends the entry whose encoding stands at `p`, which is below `last`; the offset behind it, or -1. */
function unpackEntry(buf: Uint8Array, p: number, last: number, to: ListpackBuilder): number {
  const byte = buf[p]!;
  if (byte < INT16) return unpackString(buf, p, last, to);
  if (byte > INT24 && byte < INT8) {
    to.appendInt((byte & 0x0f) - 1);
    return p + 1;
  }
  const size = byte === INT16
    ? 2
    : byte === INT32
    ? 4
    : byte === INT64
    ? 8
    : byte === INT24
    ? 3
    : byte === INT8
    ? 1
    : 0;
  const next = p + 1 + size;
  if (size === 0 || next > last) return -1;
  switch (byte) {
    case INT8:
      to.appendInt((buf[p + 1]! << 24) >> 24);
      break;
    case INT16:
      to.appendInt(((buf[p + 1]! | (buf[p + 2]! << 8)) << 16) >> 16);
      break;
    case INT24:
      to.appendInt(((buf[p + 1]! << 8) | (buf[p + 2]! << 16) | (buf[p + 3]! << 24)) >> 8);
      break;
    case INT32:
      to.appendInt(readI32(buf, p + 1));
      break;
    default:
      to.appendInt(readI64(buf, p + 1));
  }
  return next;
}

function unpackString(buf: Uint8Array, p: number, last: number, to: ListpackBuilder): number {
  const byte = buf[p]!;
  let data: number, length: number;
  if (byte < 0x40) {
    data = p + 1;
    length = byte;
  } else if (byte < STRING_32) {
    if (p + 2 > last) return -1;
    data = p + 2;
    length = ((byte & 0x3f) << 8) | buf[p + 1]!;
  } else {
    if (p + 5 > last) return -1;
    data = p + 5;
    length = ((buf[p + 1]! << 24) | (buf[p + 2]! << 16) | (buf[p + 3]! << 8) | buf[p + 4]!) >>> 0;
  }
  if (data + length > last) return -1;
  to.append(buf, data, data + length);
  return data + length;
}

/** As {@link unpackZiplist}, for a zipmap: appends field, value, field, value. */
export function unpackZipmap(buf: Uint8Array, start: number, end: number, to: ListpackBuilder): boolean {
  if (end - start < 2 || buf[end - 1] !== END) return false;
  const last = end - 1;
  let p = start + 1;
  let fields = 0;
  while (p < last) {
    for (let part = 0; part < 2; part++) {
      const long = buf[p] === LONG_LENGTH;
      const isValue = part === 1 ? 1 : 0;
      const data = p + (long ? 5 : 1) + isValue;
      if (buf[p] === END || data > last) return false;
      const length = long ? readU32(buf, p + 1) : buf[p]!;
      const unused = isValue === 1 ? buf[data - 1]! : 0;
      if (data + length + unused > last) return false;
      to.append(buf, data, data + length);
      p = data + length + unused;
    }
    fields++;
  }
  return p === last && (buf[start]! >= LONG_LENGTH || buf[start] === fields);
}
