/**
 * The writer of `cmsgpack.pack`: the shortest encoding of each value, arrays where the keys of a table are exactly 1
 * to n, else maps. What MessagePack has no form for is nil, and so is what stands 16 tables deep.
 */

import { LuaTable } from "./table.ts";
import type { TextBuilder } from "./text_builder.ts";
import type { LuaValue } from "./value.ts";

/** Tables within tables; deeper ones are written as nil. */
const MAX_NESTING = 16;

const NIL = "\xc0";

/** Writes one value. */
export function packValue(value: LuaValue, out: TextBuilder): void {
  packAt(value, 0, out);
}

function packAt(value: LuaValue, level: number, out: TextBuilder): void {
  switch (typeof value) {
    case "string":
      out.add(packLength(value.length, STRING));
      return out.add(value);
    case "boolean":
      return out.add(value ? "\xc3" : "\xc2");
    case "number":
      return out.add(packNumber(value));
    default:
      if (value instanceof LuaTable && level < MAX_NESTING) packTable(value, level, out);
      else out.add(NIL);
  }
}

function packTable(table: LuaTable, level: number, out: TextBuilder): void {
  let items = 0;
  let largest = 0;
  let array = true;
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    const key = table.keyAt(i);
    items++;
    if (typeof key === "number" && key > 0 && Math.floor(key) === key) {
      if (key > largest) largest = key;
    } else array = false;
  }
  if (array && largest === items) {
    out.add(packLength(items, ARRAY));
    for (let i = 1; i <= items; i++) packAt(table.getNumber(i), level + 1, out);
    return;
  }
  out.add(packLength(items, MAP));
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    packAt(table.keyAt(i), level + 1, out);
    packAt(table.valueAt(i), level + 1, out);
  }
}

/**
 * How lengths of a type are written: `short` has them in its low bits up to `shortest`; `codes` are for those of 8,
 * 16 and 32 bits, 0 where a type has no such.
 */
interface LengthForms {
  short: number;
  shortest: number;
  codes: readonly [number, number, number];
}

const STRING: LengthForms = { short: 0xa0, shortest: 31, codes: [0xd9, 0xda, 0xdb] };
const ARRAY: LengthForms = { short: 0x90, shortest: 15, codes: [0, 0xdc, 0xdd] };
const MAP: LengthForms = { short: 0x80, shortest: 15, codes: [0, 0xde, 0xdf] };

function packLength(length: number, forms: LengthForms): string {
  if (length <= forms.shortest) return String.fromCharCode(forms.short | length);
  const [code8, code16, code32] = forms.codes;
  if (length <= 0xff && code8 !== 0) return coded(code8, length, 1);
  return length <= 0xffff ? coded(code16, length, 2) : coded(code32, length, 4);
}

function packNumber(value: number): string {
  // What a 64-bit integer holds is one, negative zero too.
  if (Math.trunc(value) !== value || value < -9223372036854775808 || value >= 9223372036854775808) {
    return packDouble(value);
  }
  if (value >= 0) {
    if (value <= 0x7f) return String.fromCharCode(value);
    if (value <= 0xff) return coded(0xcc, value, 1);
    if (value <= 0xffff) return coded(0xcd, value, 2);
    return value <= 0xffffffff ? coded(0xce, value, 4) : coded64(0xcf, value);
  }
  if (value >= -0x20) return String.fromCharCode(value & 0xff);
  if (value >= -0x80) return coded(0xd0, value, 1);
  if (value >= -0x8000) return coded(0xd1, value, 2);
  return value >= -0x80000000 ? coded(0xd2, value, 4) : coded64(0xd3, value);
}

/** A type's code and the low `size` bytes of an integer, at most 4. */
function coded(code: number, value: number, size: number): string {
  let out = String.fromCharCode(code);
  for (let shift = size * 8 - 8; shift >= 0; shift -= 8) out += String.fromCharCode(value >>> shift & 0xff);
  return out;
}

const scratch = new DataView(new ArrayBuffer(8));

function coded64(code: number, value: number): string {
  scratch.setBigInt64(0, BigInt(value));
  return String.fromCharCode(code) + scratchBytes(8);
}

/** In 4 bytes where they hold the same number. NaN, equal to none, takes 8, with the sign that x86 gives it. */
function packDouble(value: number): string {
  if (Math.fround(value) === value) {
    scratch.setFloat32(0, value);
    return "\xca" + scratchBytes(4);
  }
  scratch.setFloat64(0, value);
  if (value !== value) scratch.setUint8(0, 0xff);
  return "\xcb" + scratchBytes(8);
}

function scratchBytes(size: number): string {
  let out = "";
  for (let i = 0; i < size; i++) out += String.fromCharCode(scratch.getUint8(i));
  return out;
}
