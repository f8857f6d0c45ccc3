/**
 * HyperLogLog: approximate counting of distinct elements, in strings that keep Redis's own format.
 *
 * A dense value is changed where it lies in the key's record. A sparse one is edited in a copy (it grows, shrinks or
 * turns dense) and written back. PFCOUNT of one key is a reading command that may store its result in the value's
 * header; that counts as a change and is propagated, so that replicas hold the same bytes.
 */

import { isString, Kind } from "../types/kind.ts";
import {
  addToDense,
  cacheCount,
  cachedCount,
  denseRegister,
  describeSparse,
  estimateCount,
  estimateUnion,
  HLL_REGISTERS,
  HyperLogLogEditor,
  invalidateCount,
  isDense,
  isHyperLogLog,
  mergeRegisters,
} from "../types/hyperloglog.ts";
import { selfTest } from "../types/hyperloglog_selftest.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, WRONG_TYPE } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow, range } from "./row.ts";

/** The table rows of the hyperloglog group, in alphabetical order. */
export const hyperloglogRows: readonly CommandRow[] = [
  {
    name: "PFADD",
    arity: -2,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["hyperloglog"],
    brief: true,
    run: pfadd,
  },
  {
    name: "PFCOUNT",
    arity: -2,
    flags: ["readonly"],
    keys: [1, -1, 1],
    specs: [
      range(
        1,
        -1,
        1,
        "RW access",
        "RW because it may change the internal representation of the key, and propagate to replicas",
      ),
    ],
    categories: ["hyperloglog"],
    run: pfcount,
  },
  {
    name: "PFDEBUG",
    arity: 3,
    flags: ["write", "denyoom", "admin"],
    keys: [2, 2, 1],
    specs: [at(2, "RW access")],
    categories: ["hyperloglog"],
    run: pfdebug,
  },
  {
    name: "PFMERGE",
    arity: -2,
    flags: ["write", "denyoom"],
    keys: [1, -1, 1],
    specs: [at(1, "RW access insert"), range(2, -1, 1, "RO access")],
    categories: ["hyperloglog"],
    run: pfmerge,
  },
  {
    name: "PFSELFTEST",
    arity: 1,
    flags: ["admin"],
    keys: [0, 0, 0],
    categories: ["hyperloglog"],
    run: pfselftest,
  },
];

const NOT_HYPERLOGLOG = new CommandError("WRONGTYPE Key is not a valid HyperLogLog string value.");
const CORRUPTED = new CommandError("INVALIDOBJ Corrupted HLL object detected");
const NO_KEY = new CommandError("ERR The specified key does not exist");
const NOT_SPARSE = new CommandError("ERR HLL encoding is not sparse");

/** Edits one value at a time; commands do not overlap. */
const editor = new HyperLogLogEditor();
/** The registers of a union, one byte each. */
const union = new Uint8Array(HLL_REGISTERS);

// -- Adding -------------------------------------------------------------------------------------------------------

function pfadd(ctx: Context, args: Args): void {
  const addr = ctx.write(args, 1);
  let changes: number;
  if (addr === 0) {
    editor.reset();
    changes = 1 + addElements(ctx, args);
    editor.invalidateCount();
    store(ctx, args, 0);
  } else {
    checkValue(ctx, addr);
    changes = isDense(ctx.db.bytes(addr), ctx.db.valueStart(addr))
      ? addInPlace(ctx, args, addr)
      : addToSparse(ctx, args, addr);
  }
  if (changes > 0) ctx.changed(Notify.STRING, "pfadd", args, 1, changes);
  ctx.reply.integer(changes > 0 ? 1 : 0);
}

function addInPlace(ctx: Context, args: Args, addr: number): number {
  const bytes = ctx.db.bytes(addr);
  const start = ctx.db.valueStart(addr);
  let changes = 0;
  for (let i = 2; i < args.count; i++) {
    if (addToDense(bytes, start, args.buf, args.starts[i]!, args.ends[i]!)) changes++;
  }
  if (changes > 0) invalidateCount(bytes, start);
  ctx.db.setKind(addr, Kind.RAW);
  return changes;
}

function addToSparse(ctx: Context, args: Args, addr: number): number {
  load(ctx, addr);
  const changes = addElements(ctx, args);
  if (changes > 0) editor.invalidateCount();
  if (changes !== 0) store(ctx, args, addr);
  else ctx.db.setKind(addr, Kind.RAW);
  if (changes < 0) throw corruptedHalfWay(ctx, args, changes);
  return changes;
}

/**
 * A corrupted value keeps what was added before that was noticed, as in redis-server, and the answer is an error. What
 * goes out in place of a command that fails is the value that it has left behind.
 */
function corruptedHalfWay(ctx: Context, args: Args, changes: number): CommandError {
  if (changes < -1) {
    ctx.rewriteAs("SET", args.bytes(1), editor.bytes().slice(), "KEEPTTL");
    ctx.dirty++;
  }
  return CORRUPTED;
}

/** Adds all elements to the editor's value; how many changed it, or for a corrupted one -1 less how many had until then. */
function addElements(ctx: Context, args: Args): number {
  const limit = ctx.server.config.hllSparseMaxBytes;
  let changes = 0;
  for (let i = 2; i < args.count; i++) {
    const changed = editor.add(args.buf, args.starts[i]!, args.ends[i]!, limit);
    if (changed < 0) return -1 - changes;
    changes += changed;
  }
  return changes;
}

// -- Counting -----------------------------------------------------------------------------------------------------

function pfcount(ctx: Context, args: Args): void {
  if (args.count > 2) {
    union.fill(0);
    for (let i = 1; i < args.count; i++) mergeKey(ctx, args, i);
    return ctx.reply.integer(estimateUnion(union));
  }
  if (ctx.peek(args, 1) === 0) return ctx.reply.integer(0);
  // Looked up again, for writing: a running snapshot has to save the old bytes before the count goes into them.
  const addr = ctx.db.lookupWrite(args.buf, args.starts[1]!, args.ends[1]!);
  checkValue(ctx, addr);
  ctx.db.setKind(addr, Kind.RAW);
  const start = ctx.db.valueStart(addr);
  ctx.reply.integer(cachedCount(ctx.db.bytes(addr), start) ?? countAndCache(ctx, args, addr));
}

/** Counts the value of the key in argument 1 and keeps the result in its header. */
function countAndCache(ctx: Context, args: Args, addr: number): number | bigint {
  const bytes = ctx.db.bytes(addr);
  const start = ctx.db.valueStart(addr);
  const count = estimateCount(bytes, start, start + ctx.db.valueLength(addr));
  if (count === undefined) throw CORRUPTED;
  cacheCount(bytes, start, count);
  ctx.touch(args.buf, args.starts[1]!, args.ends[1]!);
  ctx.dirty++;
  return count;
}

/** Merges the key in argument `i` into `union`; whether its value is dense. */
function mergeKey(ctx: Context, args: Args, i: number): boolean {
  const addr = ctx.read(args, i);
  if (addr === 0) return false;
  checkValue(ctx, addr);
  const bytes = ctx.db.bytes(addr);
  const start = ctx.db.valueStart(addr);
  if (!mergeRegisters(union, bytes, start, start + ctx.db.valueLength(addr))) throw CORRUPTED;
  return isDense(bytes, start);
}

// -- Merging ------------------------------------------------------------------------------------------------------

function pfmerge(ctx: Context, args: Args): void {
  union.fill(0);
  let dense = false;
  for (let i = 1; i < args.count; i++) {
    if (mergeKey(ctx, args, i)) dense = true;
  }
  const addr = ctx.write(args, 1);
  if (addr === 0) editor.reset();
  else load(ctx, addr);
  if (dense && !editor.toDense()) throw CORRUPTED;
  editor.raiseAll(union, ctx.server.config.hllSparseMaxBytes);
  editor.invalidateCount();
  store(ctx, args, addr);
  ctx.changed(Notify.STRING, "pfadd", args, 1);
  ctx.reply.ok();
}

// -- Looking inside -----------------------------------------------------------------------------------------------

function pfdebug(ctx: Context, args: Args): void {
  const addr = ctx.write(args, 2);
  if (addr === 0) throw NO_KEY;
  checkValue(ctx, addr);
  ctx.db.setKind(addr, Kind.RAW);
  if (args.is(1, "GETREG")) replyRegisters(ctx, turnDense(ctx, addr));
  else if (args.is(1, "DECODE")) replyOpcodes(ctx, addr);
  else if (args.is(1, "ENCODING")) {
    ctx.reply.simple(isDense(ctx.db.bytes(addr), ctx.db.valueStart(addr)) ? "dense" : "sparse");
  } else if (args.is(1, "TODENSE")) {
    turnDense(ctx, addr);
    ctx.reply.integer(converted ? 1 : 0);
  } else throw new CommandError(`ERR Unknown PFDEBUG subcommand '${args.cText(1)}'`);
}

/** Whether the last `turnDense` had something to do. */
let converted = false;

/** Makes a record's value dense; the record's new address. */
function turnDense(ctx: Context, addr: number): number {
  converted = !isDense(ctx.db.bytes(addr), ctx.db.valueStart(addr));
  if (!converted) return addr;
  load(ctx, addr);
  if (!editor.toDense()) throw CORRUPTED;
  ctx.dirty++;
  const value = editor.bytes();
  return ctx.db.rewrite(addr, Kind.RAW, value, 0, value.length);
}

function replyRegisters(ctx: Context, addr: number): void {
  const bytes = ctx.db.bytes(addr);
  const start = ctx.db.valueStart(addr);
  ctx.reply.array(HLL_REGISTERS);
  for (let i = 0; i < HLL_REGISTERS; i++) ctx.reply.integer(denseRegister(bytes, start, i));
}

function replyOpcodes(ctx: Context, addr: number): void {
  const bytes = ctx.db.bytes(addr);
  const start = ctx.db.valueStart(addr);
  if (isDense(bytes, start)) throw NOT_SPARSE;
  ctx.reply.bulkText(describeSparse(bytes, start, start + ctx.db.valueLength(addr)));
}

function pfselftest(ctx: Context): void {
  const fault = selfTest(() => ctx.store.random());
  if (fault !== null) throw new CommandError(fault);
  ctx.reply.ok();
}

// -- Values -------------------------------------------------------------------------------------------------------

/** Throws where a record holds something else than a HyperLogLog. */
function checkValue(ctx: Context, addr: number): void {
  if (!isString(ctx.db.kind(addr))) throw WRONG_TYPE;
  const start = ctx.db.valueStart(addr);
  if (!isHyperLogLog(ctx.db.bytes(addr), start, start + ctx.db.valueLength(addr))) throw NOT_HYPERLOGLOG;
}

function load(ctx: Context, addr: number): void {
  const start = ctx.db.valueStart(addr);
  editor.load(ctx.db.bytes(addr), start, start + ctx.db.valueLength(addr));
}

/** The editor's value becomes that of a record, or of a new key named in argument 1 where there is none (0). */
function store(ctx: Context, args: Args, addr: number): void {
  const value = editor.bytes();
  if (addr !== 0) ctx.db.rewrite(addr, Kind.RAW, value, 0, value.length);
  else ctx.db.set(args.buf, args.starts[1]!, args.ends[1]!, Kind.RAW, value, 0, value.length);
}
