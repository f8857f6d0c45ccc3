/**
 * Bitmaps: strings seen as rows of bits.
 *
 * Bits are read where they lie in the key's record and changed there; only BITOP makes a new value. Offsets are
 * checked once, while they are still 64-bit integers: after that every position is an exact number.
 */

import {
  type BitOperation,
  type ByteSpan,
  combineBits,
  type FieldType,
  findBit,
  fitField,
  type Overflow,
  popcountBits,
  readField,
  writeField,
} from "../types/bitops.ts";
import { EMPTY_BYTES, normalizeInt64, parseInt64 } from "../types/bytes.ts";
import { Kind } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow, range } from "./row.ts";

/** The table rows of the bitmap group, in alphabetical order. */
export const bitmapRows: readonly CommandRow[] = [
  {
    name: "BITCOUNT",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["bitmap"],
    run: bitcount,
  },
  {
    name: "BITFIELD",
    arity: -2,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [
      at(1, "RW access update variable_flags", "This command allows both access and modification of the key"),
    ],
    categories: ["bitmap"],
    run: bitfield,
  },
  {
    name: "BITFIELD_RO",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["bitmap"],
    run: bitfieldRo,
  },
  {
    name: "BITOP",
    arity: -4,
    flags: ["write", "denyoom"],
    keys: [2, -1, 1],
    specs: [at(2, "OW update"), range(3, -1, 1, "RO access")],
    categories: ["bitmap"],
    run: bitop,
  },
  {
    name: "BITPOS",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["bitmap"],
    run: bitpos,
  },
  {
    name: "GETBIT",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["bitmap"],
    brief: true,
    run: getbit,
  },
  {
    name: "SETBIT",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["bitmap"],
    run: setbit,
  },
];

const OFFSET_NOT_INTEGER = new CommandError("ERR bit offset is not an integer or out of range");
const BIT_NOT_INTEGER = new CommandError("ERR bit is not an integer or out of range");
const BIT_ARGUMENT = new CommandError("ERR The bit argument must be 1 or 0.");
const NOT_ONE_SOURCE = new CommandError("ERR BITOP NOT must be called with a single source key.");
const FIELD_TYPE = new CommandError(
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
const OVERFLOW_TYPE = new CommandError("ERR Invalid OVERFLOW type specified");
const ONLY_GET = new CommandError("ERR BITFIELD_RO only supports the GET subcommand");

// -- Counting and searching ---------------------------------------------------------------------------------------

function bitcount(ctx: Context, args: Args): void {
  const addr = ctx.readString(args, 1);
  if (addr === 0) return ctx.reply.integer(0);
  if (args.count !== 2 && args.count !== 4 && args.count !== 5) throw SYNTAX;
  const { db } = ctx;
  const length = db.valueLength(addr);
  if (args.count > 2) {
    const first = args.int64(2);
    const last = args.int64(3);
    // Empty before the unit is even looked at, and before the clamping makes it the first position.
    if (first < 0 && last < 0 && first > last) return ctx.reply.integer(0);
    bitRange(first, last, length, args.count > 4 && unitIsBit(args, 4));
  } else bitRange(0, -1, length, false);
  ctx.reply.integer(popcountBits(db.bytes(addr), db.valueStart(addr), firstBit, lastBit));
}

function bitpos(ctx: Context, args: Args): void {
  const bit = args.integer(2);
  if (bit !== 0 && bit !== 1) throw BIT_ARGUMENT;
  const addr = ctx.readString(args, 1);
  // A key that does not exist is an endless row of zeros.
  if (addr === 0) return ctx.reply.integer(bit === 1 ? -1 : 0);
  if (args.count > 6) throw SYNTAX;
  const { db } = ctx;
  const length = db.valueLength(addr);
  const first = args.count > 3 ? args.int64(3) : 0;
  const inBits = args.count > 5 && unitIsBit(args, 5);
  const last = args.count > 4 ? args.int64(4) : -1;
  bitRange(first, last, length, inBits);
  if (firstBit > lastBit) return ctx.reply.integer(-1);
  let position = findBit(db.bytes(addr), db.valueStart(addr), firstBit, lastBit, bit);
  // Without an explicit end the string counts as followed by zeros.
  if (position < 0 && bit === 0 && args.count <= 4) position = length * 8;
  ctx.reply.integer(position);
}

/** The range that `bitRange` worked out, in bits, both ends included; empty when first > last. */
let firstBit = 0;
let lastBit = 0;

/** Positions of bytes or bits, negative ones from the end, clamped to a string of `length` bytes. */
function bitRange(first: number | bigint, last: number | bigint, length: number, inBits: boolean): void {
  const total = inBits ? length * 8 : length;
  const from = Math.max(0, Number(first) + (first < 0 ? total : 0));
  const to = Math.min(total - 1, Math.max(0, Number(last) + (last < 0 ? total : 0)));
  firstBit = inBits ? from : from * 8;
  lastBit = inBits ? to : to * 8 + 7;
  if (from > to) lastBit = -1;
}

function unitIsBit(args: Args, i: number): boolean {
  if (args.is(i, "BIT")) return true;
  if (args.is(i, "BYTE")) return false;
  throw SYNTAX;
}

// -- Single bits --------------------------------------------------------------------------------------------------

function getbit(ctx: Context, args: Args): void {
  const offset = bitOffset(ctx, args, 2);
  const addr = ctx.readString(args, 1);
  const index = Math.floor(offset / 8);
  if (addr === 0 || index >= ctx.db.valueLength(addr)) return ctx.reply.integer(0);
  const byte = ctx.db.bytes(addr)[ctx.db.valueStart(addr) + index]!;
  ctx.reply.integer((byte >> (7 - (offset & 7))) & 1);
}

function setbit(ctx: Context, args: Args): void {
  const offset = bitOffset(ctx, args, 2);
  const bit = args.ranged(3, 0, 1, BIT_NOT_INTEGER);
  const addr = stringWithBit(ctx, args, 1, offset);
  const bytes = ctx.db.bytes(addr);
  const index = ctx.db.valueStart(addr) + Math.floor(offset / 8);
  const shift = 7 - (offset & 7);
  const old = (bytes[index]! >> shift) & 1;
  if (grown || old !== bit) {
    bytes[index] = (bytes[index]! & ~(1 << shift)) | (bit << shift);
    ctx.changed(Notify.STRING, "setbit", args, 1);
  }
  ctx.reply.integer(old);
}

/** Whether `stringWithBit` made the string longer. */
let grown = false;

/** The string of the key in argument `i`, created or extended with zeros so that it has bit `offset`. */
function stringWithBit(ctx: Context, args: Args, i: number, offset: number): number {
  let addr = ctx.writeString(args, i);
  if (addr === 0) addr = ctx.db.set(args.buf, args.starts[i]!, args.ends[i]!, Kind.RAW, EMPTY_BYTES, 0, 0);
  const length = Math.floor(offset / 8) + 1;
  grown = length > ctx.db.valueLength(addr);
  if (grown) return ctx.db.resizeValue(addr, length);
  if (ctx.db.kind(addr) !== Kind.RAW) ctx.db.setKind(addr, Kind.RAW);
  return addr;
}

/**
 * A bit position in argument `i`. With `width`, "#n" stands for the n-th field of so many bits; that product wraps
 * around at 64 bits before it is checked, as it does in redis-server.
 */
function bitOffset(ctx: Context, args: Args, i: number, width = 0): number {
  const start = args.starts[i]!;
  const counted = width > 0 && args.length(i) > 0 && args.buf[start] === 0x23;
  let offset = parseInt64(args.buf, counted ? start + 1 : start, args.ends[i]!);
  if (offset === undefined) throw OFFSET_NOT_INTEGER;
  if (counted) offset = normalizeInt64(BigInt.asIntN(64, BigInt(offset) * BigInt(width)));
  // What a primary or the append-only file accepted is not refused here.
  const limit = ctx.client.primary || ctx.client.loader ? Infinity : ctx.server.config.protoMaxBulkLen * 8;
  if (offset < 0 || offset >= limit) throw OFFSET_NOT_INTEGER;
  return Number(offset);
}

// -- Combining ----------------------------------------------------------------------------------------------------

function bitop(ctx: Context, args: Args): void {
  const operation = operationOf(args);
  if (operation === "not" && args.count !== 4) throw NOT_ONE_SOURCE;
  const operands: ByteSpan[] = [];
  let length = 0;
  for (let i = 3; i < args.count; i++) {
    const addr = ctx.readString(args, i);
    const start = addr === 0 ? 0 : ctx.db.valueStart(addr);
    const end = addr === 0 ? 0 : start + ctx.db.valueLength(addr);
    operands.push({ buf: addr === 0 ? EMPTY_BYTES : ctx.db.bytes(addr), start, end });
    length = Math.max(length, end - start);
  }
  if (length > 0) {
    const out = new Uint8Array(length);
    combineBits(operation, operands, out);
    ctx.db.set(args.buf, args.starts[2]!, args.ends[2]!, Kind.RAW, out, 0, length);
    ctx.changed(Notify.STRING, "set", args, 2);
  } else if (ctx.db.deleteRaw(args.buf, args.starts[2]!, args.ends[2]!)) {
    ctx.changed(Notify.GENERIC, "del", args, 2);
  }
  ctx.reply.integer(length);
}

function operationOf(args: Args): BitOperation {
  if (args.is(1, "AND")) return "and";
  if (args.is(1, "OR")) return "or";
  if (args.is(1, "XOR")) return "xor";
  if (args.is(1, "NOT")) return "not";
  throw SYNTAX;
}

// -- Fields -------------------------------------------------------------------------------------------------------

/** One GET, SET or INCRBY of BITFIELD. */
interface FieldOperation {
  kind: "get" | "set" | "incrby";
  type: FieldType;
  offset: number;
  /** The value to set or to add; 0 for "get". */
  value: bigint;
  overflow: Overflow;
}

function bitfield(ctx: Context, args: Args): void {
  const operations = fieldOperations(ctx, args);
  let highest = -1;
  for (const { kind, offset, type } of operations) {
    if (kind !== "get") highest = Math.max(highest, offset + type.bits - 1);
  }
  if (highest < 0) return readFields(ctx, args, operations);
  const addr = stringWithBit(ctx, args, 1, highest);
  const lengthened = grown;
  let changes = 0;
  ctx.reply.array(operations.length);
  for (const operation of operations) {
    if (operation.kind === "get") replyField(ctx, addr, operation);
    else if (changeField(ctx, addr, operation) || (lengthened && stored)) changes++;
  }
  if (changes > 0) ctx.changed(Notify.STRING, "setbit", args, 1, changes);
  // Operations that all failed may have made or lengthened the string before: redis-server keeps that to itself, and
  // so loses it at the next start; it is counted here, that it goes out.
  else if (lengthened) ctx.dirty++;
}

function bitfieldRo(ctx: Context, args: Args): void {
  const operations = fieldOperations(ctx, args);
  if (operations.some(({ kind }) => kind !== "get")) throw ONLY_GET;
  readFields(ctx, args, operations);
}

function readFields(ctx: Context, args: Args, operations: FieldOperation[]): void {
  const addr = ctx.readString(args, 1);
  ctx.reply.array(operations.length);
  for (const operation of operations) replyField(ctx, addr, operation);
}

function replyField(ctx: Context, addr: number, { offset, type }: FieldOperation): void {
  ctx.reply.integer(addr === 0 ? 0 : normalizeInt64(fieldAt(ctx, addr, offset, type)));
}

function fieldAt(ctx: Context, addr: number, offset: number, type: FieldType): bigint {
  const start = ctx.db.valueStart(addr);
  return readField(ctx.db.bytes(addr), start, start + ctx.db.valueLength(addr), offset, type);
}

/** Whether the last `changeField` wrote: false when the result did not fit under OVERFLOW FAIL. */
let stored = false;

/** Runs and answers one SET (the old value) or INCRBY (the new one); whether the field differs now. */
function changeField(ctx: Context, addr: number, operation: FieldOperation): boolean {
  const { type, offset, kind, value } = operation;
  const old = fieldAt(ctx, addr, offset, type);
  // A negative number to set is, for an unsigned field, the 64-bit pattern that it has.
  const wanted = kind === "incrby" ? old + value : type.signed ? value : BigInt.asUintN(64, value);
  const result = fitField(wanted, type, operation.overflow, kind === "set");
  stored = result !== null;
  if (result === null) {
    ctx.reply.null();
    return false;
  }
  ctx.reply.integer(normalizeInt64(kind === "incrby" ? result : old));
  writeField(ctx.db.bytes(addr), ctx.db.valueStart(addr), offset, type.bits, result);
  return result !== old;
}

/** All operations of BITFIELD, checked before any of them runs. */
function fieldOperations(ctx: Context, args: Args): FieldOperation[] {
  const operations: FieldOperation[] = [];
  let overflow: Overflow = "wrap";
  for (let i = 2; i < args.count;) {
    const left = args.count - i - 1;
    if (args.is(i, "OVERFLOW") && left >= 1) {
      overflow = overflowOf(args, i + 1);
      i += 2;
      continue;
    }
    const kind = args.is(i, "GET")
      ? "get"
      : args.is(i, "SET")
      ? "set"
      : args.is(i, "INCRBY")
      ? "incrby"
      : null;
    if (kind === null || left < (kind === "get" ? 2 : 3)) throw SYNTAX;
    const type = fieldType(args, i + 1);
    const offset = bitOffset(ctx, args, i + 2, type.bits);
    const value = kind === "get" ? 0n : BigInt(args.int64(i + 3));
    operations.push({ kind, type, offset, value, overflow });
    i += kind === "get" ? 3 : 4;
  }
  return operations;
}

function overflowOf(args: Args, i: number): Overflow {
  if (args.is(i, "WRAP")) return "wrap";
  if (args.is(i, "SAT")) return "sat";
  if (args.is(i, "FAIL")) return "fail";
  throw OVERFLOW_TYPE;
}

/** A type like i16 or u8. It is read as a C string: a zero byte ends it. */
function fieldType(args: Args, i: number): FieldType {
  const { buf } = args;
  const start = args.starts[i]!;
  let end = start;
  while (end < args.ends[i]! && buf[end]! !== 0) end++;
  const signed = end > start && buf[start] === 0x69;
  if (end === start || (!signed && buf[start] !== 0x75)) throw FIELD_TYPE;
  const bits = parseInt64(buf, start + 1, end);
  if (bits === undefined || bits < 1 || bits > (signed ? 64 : 63)) throw FIELD_TYPE;
  return { signed, bits: Number(bits) };
}
