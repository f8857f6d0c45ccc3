/**
 * Strings: the values that are one run of bytes (string_numbers.ts: what is done to the numbers in them).
 *
 * A string lies inline in its key's record. What counts as an integer (OBJECT ENCODING int) is decided when it is written:
 * the canonical text of a 64-bit number keeps the kind INT, so that GET copies bytes and INCR reads few digits.
 */

import { NO_EXPIRY } from "../store.ts";
import { copyBytes, MAX_INT64_DIGITS, parseInt64 } from "../types/bytes.ts";
import { EMBSTR_LIMIT, isString, Kind, type KindCode } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, STRING_TOO_LONG, wrongArity } from "./errors.ts";
import { expiryFrom, expiryOptions, resolveExpiry } from "./expiry.ts";
import { lcs } from "./lcs.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow, range } from "./row.ts";
import { decr, decrby, incr, incrby, incrbyfloat } from "./string_numbers.ts";

/** The table rows of the string group, in alphabetical order. */
export const stringRows: readonly CommandRow[] = [
  {
    name: "APPEND",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["string"],
    run: append,
  },
  {
    name: "DECR",
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    brief: true,
    run: decr,
  },
  {
    name: "DECRBY",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    brief: true,
    run: decrby,
  },
  {
    name: "GET",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["string"],
    brief: true,
    run: get,
  },
  {
    name: "GETDEL",
    arity: 2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["string"],
    brief: true,
    run: getdel,
  },
  {
    name: "GETEX",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update", "RW and UPDATE because it changes the TTL")],
    categories: ["string"],
    run: getex,
  },
  {
    name: "GETRANGE",
    arity: 4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["string"],
    run: getrange,
  },
  {
    name: "GETSET",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    brief: true,
    run: getset,
  },
  {
    name: "INCR",
    arity: 2,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    brief: true,
    run: incr,
  },
  {
    name: "INCRBY",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    brief: true,
    run: incrby,
  },
  {
    name: "INCRBYFLOAT",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["string"],
    run: incrbyfloat,
  },
  {
    name: "LCS",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 2, 1],
    specs: [range(1, 1, 1, "RO access")],
    categories: ["string"],
    run: lcs,
  },
  {
    name: "MGET",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO access")],
    categories: ["string"],
    tips: ["request_policy:multi_shard"],
    brief: true,
    run: mget,
  },
  {
    name: "MSET",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 2],
    specs: [range(1, -1, 2, "OW update")],
    categories: ["string"],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    brief: true,
    run: mset,
  },
  {
    name: "MSETNX",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 2],
    specs: [range(1, -1, 2, "OW insert")],
    categories: ["string"],
    tips: ["request_policy:multi_shard", "response_policy:agg_min"],
    run: msetnx,
  },
  {
    name: "PSETEX",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update")],
    categories: ["string"],
    brief: true,
    run: psetex,
  },
  {
    name: "SET",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update variable_flags", "RW and ACCESS due to the optional `GET` argument")],
    categories: ["string"],
    brief: true,
    run: set,
  },
  {
    name: "SETEX",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "OW update")],
    categories: ["string"],
    brief: true,
    run: setex,
  },
  {
    name: "SETNX",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "OW insert")],
    categories: ["string"],
    brief: true,
    run: setnx,
  },
  {
    name: "SETRANGE",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["string"],
    run: setrange,
  },
  {
    name: "STRLEN",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["string"],
    brief: true,
    run: strlen,
  },
  {
    name: "SUBSTR",
    arity: 4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["string"],
    run: substr,
  },
];

const OFFSET_OUT_OF_RANGE = new CommandError("ERR offset is out of range");
const SECONDS = { seconds: true, absolute: false };
const MILLISECONDS = { seconds: false, absolute: false };

/** The kind that a string written as a whole gets. */
export function stringKind(buf: Uint8Array, start: number, end: number): KindCode {
  const length = end - start;
  if (length <= MAX_INT64_DIGITS && parseInt64(buf, start, end) !== undefined) return Kind.INT;
  return length <= EMBSTR_LIMIT ? Kind.EMBSTR : Kind.RAW;
}

// -- Reading ------------------------------------------------------------------------------------------------------

function get(ctx: Context, args: Args): void {
  replyString(ctx, ctx.readString(args, 1));
}

/** The whole value of a string's record, or null. */
function replyString(ctx: Context, addr: number): void {
  if (addr === 0) return ctx.reply.null();
  const start = ctx.db.valueStart(addr);
  ctx.reply.bulk(ctx.db.bytes(addr), start, start + ctx.db.valueLength(addr));
}

function strlen(ctx: Context, args: Args): void {
  const addr = ctx.readString(args, 1);
  ctx.reply.integer(addr === 0 ? 0 : ctx.db.valueLength(addr));
}

function mget(ctx: Context, args: Args): void {
  ctx.reply.array(args.count - 1);
  for (let i = 1; i < args.count; i++) {
    const addr = ctx.read(args, i);
    replyString(ctx, addr !== 0 && isString(ctx.db.kind(addr)) ? addr : 0);
  }
}

function getrange(ctx: Context, args: Args): void {
  let first = args.integer(2);
  let last = args.integer(3);
  const addr = ctx.readString(args, 1);
  const length = addr === 0 ? 0 : ctx.db.valueLength(addr);
  // Two negative positions in the wrong order are empty before they are clamped (as in redis-server).
  if (first < 0 && last < 0 && first > last) return ctx.reply.bulkText("");
  first = Math.max(0, first < 0 ? length + first : first);
  last = Math.min(length - 1, Math.max(0, last < 0 ? length + last : last));
  if (first > last || length === 0) return ctx.reply.bulkText("");
  const start = ctx.db.valueStart(addr);
  ctx.reply.bulk(ctx.db.bytes(addr), start + first, start + last + 1);
}

function substr(ctx: Context, args: Args): void {
  getrange(ctx, args);
}

// -- Setting ------------------------------------------------------------------------------------------------------

/** Sets the string of the key in argument `i` to argument `value`, without events. */
function store(
  ctx: Context,
  args: Args,
  i: number,
  value: number,
  expiry: number | bigint = NO_EXPIRY,
): void {
  const { buf } = args;
  const from = args.starts[value]!;
  const to = args.ends[value]!;
  ctx.db.set(buf, args.starts[i]!, args.ends[i]!, stringKind(buf, from, to), buf, from, to, expiry);
}

function set(ctx: Context, args: Args): void {
  if (args.count === 3) {
    store(ctx, args, 1, 2);
    ctx.changed(Notify.STRING, "set", args, 1);
    return ctx.reply.ok();
  }
  const options = expiryOptions(ctx, args, 3, true);
  if (options.get) replyString(ctx, ctx.readString(args, 1));
  const { buf } = args;
  const conditional = options.nx || options.xx || options.keepTtl;
  const old = conditional ? ctx.db.find(buf, args.starts[1]!, args.ends[1]!) : 0;
  if ((options.nx && old !== 0) || (options.xx && old === 0)) {
    if (old !== 0) ctx.db.touchAccess(old);
    if (!options.get) ctx.reply.null();
    return;
  }
  const timed = options.expiry !== NO_EXPIRY;
  const kept = options.keepTtl && old !== 0 ? ctx.db.exactExpiryOf(old) : NO_EXPIRY;
  store(ctx, args, 1, 2, timed ? options.expiry : kept);
  ctx.changed(Notify.STRING, "set", args, 1);
  if (timed) ctx.notify(Notify.GENERIC, "expire", buf, args.starts[1]!, args.ends[1]!);
  if (timed) propagateSet(ctx, args, options.expiry);
  else if (options.get) propagateWithoutGet(ctx, args);
  if (!options.get) ctx.reply.ok();
}

/** A span of time becomes a point in time: replaying it later must not prolong the key's life. */
function propagateSet(ctx: Context, args: Args, expiry: number | bigint, value = 2): void {
  if (ctx.propagates) ctx.rewriteAs("SET", args.bytes(1), args.bytes(value), "PXAT", String(expiry));
}

function propagateWithoutGet(ctx: Context, args: Args): void {
  if (!ctx.propagates) return;
  const kept: Uint8Array[] = [];
  for (let i = 0; i < args.count; i++) if (i < 3 || !args.is(i, "GET")) kept.push(args.bytes(i));
  ctx.rewriteAs(...kept);
}

function setnx(ctx: Context, args: Args): void {
  if (ctx.write(args, 1) !== 0) return ctx.reply.integer(0);
  store(ctx, args, 1, 2);
  ctx.changed(Notify.STRING, "set", args, 1);
  ctx.reply.integer(1);
}

function setex(ctx: Context, args: Args): void {
  setTimed(ctx, args, SECONDS);
}

function psetex(ctx: Context, args: Args): void {
  setTimed(ctx, args, MILLISECONDS);
}

function setTimed(ctx: Context, args: Args, unit: typeof SECONDS): void {
  const expiry = expiryFrom(ctx, args, 2, unit);
  store(ctx, args, 1, 3, expiry);
  ctx.changed(Notify.STRING, "set", args, 1);
  ctx.notify(Notify.GENERIC, "expire", args.buf, args.starts[1]!, args.ends[1]!);
  propagateSet(ctx, args, expiry, 3);
  ctx.reply.ok();
}

function mset(ctx: Context, args: Args): void {
  setAll(ctx, args);
  ctx.reply.ok();
}

function msetnx(ctx: Context, args: Args): void {
  if (args.count % 2 === 0) throw wrongArity("msetnx");
  for (let i = 1; i < args.count; i += 2) {
    if (ctx.write(args, i) !== 0) return ctx.reply.integer(0);
  }
  setAll(ctx, args);
  ctx.reply.integer(1);
}

function setAll(ctx: Context, args: Args): void {
  if (args.count % 2 === 0) throw wrongArity(ctx.command.fullName);
  for (let i = 1; i < args.count; i += 2) {
    store(ctx, args, i, i + 1);
    ctx.changed(Notify.STRING, "set", args, i);
  }
}

function getset(ctx: Context, args: Args): void {
  replyString(ctx, ctx.readString(args, 1));
  store(ctx, args, 1, 2);
  ctx.changed(Notify.STRING, "set", args, 1);
  if (ctx.propagates) ctx.rewriteAs("SET", args.bytes(1), args.bytes(2));
}

function getdel(ctx: Context, args: Args): void {
  const addr = ctx.readString(args, 1);
  replyString(ctx, addr);
  if (addr === 0) return;
  const lazy = ctx.server.config.lazyfreeLazyUserDel;
  ctx.db.delete(args.buf, args.starts[1]!, args.ends[1]!, lazy);
  ctx.changed(Notify.GENERIC, "del", args, 1);
  if (ctx.propagates) ctx.rewriteAs(lazy ? "UNLINK" : "DEL", args.bytes(1));
}

function getex(ctx: Context, args: Args): void {
  const options = expiryOptions(ctx, args, 2, false);
  const addr = ctx.readString(args, 1);
  if (addr !== 0) resolveExpiry(ctx, args, options);
  replyString(ctx, addr);
  if (addr === 0) return;
  const start = args.starts[1]!;
  const end = args.ends[1]!;
  if (options.expiry !== NO_EXPIRY && Number(options.expiry) <= ctx.store.now()) {
    // A time that has passed already deletes the key.
    ctx.db.delete(args.buf, start, end, ctx.store.lazyExpire);
    ctx.changed(Notify.GENERIC, "del", args, 1);
    if (ctx.propagates) ctx.rewriteAs(ctx.server.config.lazyfreeLazyExpire ? "UNLINK" : "DEL", args.bytes(1));
  } else if (options.expiry !== NO_EXPIRY) {
    ctx.db.setExpiry(addr, options.expiry);
    ctx.changed(Notify.GENERIC, "expire", args, 1);
    if (ctx.propagates) ctx.rewriteAs("PEXPIREAT", args.bytes(1), String(options.expiry));
  } else if (options.persist && ctx.db.expiryOf(addr) !== NO_EXPIRY) {
    ctx.db.setExpiry(addr, NO_EXPIRY);
    ctx.changed(Notify.GENERIC, "persist", args, 1);
    if (ctx.propagates) ctx.rewriteAs("PERSIST", args.bytes(1));
  }
}

// -- Changing a part ----------------------------------------------------------------------------------------------

function append(ctx: Context, args: Args): void {
  const addr = ctx.writeString(args, 1);
  const from = args.starts[2]!;
  const to = args.ends[2]!;
  let length = to - from;
  if (addr === 0) store(ctx, args, 1, 2);
  else {
    const old = ctx.db.valueLength(addr);
    length += old;
    checkLength(ctx, length);
    const moved = ctx.db.resizeValue(addr, length);
    copyBytes(args.buf, from, to, ctx.db.bytes(moved), ctx.db.valueStart(moved) + old);
  }
  ctx.changed(Notify.STRING, "append", args, 1);
  ctx.reply.integer(length);
}

function setrange(ctx: Context, args: Args): void {
  const offset = args.integer(2);
  if (offset < 0) throw OFFSET_OUT_OF_RANGE;
  const from = args.starts[3]!;
  const to = args.ends[3]!;
  let addr = ctx.writeString(args, 1);
  const old = addr === 0 ? 0 : ctx.db.valueLength(addr);
  if (from === to) return ctx.reply.integer(old);
  const length = Math.max(old, offset + to - from);
  checkLength(ctx, offset + to - from);
  if (addr === 0) addr = ctx.db.set(args.buf, args.starts[1]!, args.ends[1]!, Kind.RAW, args.buf, 0, 0);
  addr = ctx.db.resizeValue(addr, length);
  copyBytes(args.buf, from, to, ctx.db.bytes(addr), ctx.db.valueStart(addr) + offset);
  ctx.changed(Notify.STRING, "setrange", args, 1);
  ctx.reply.integer(length);
}

/** Throws where a string would outgrow proto-max-bulk-len. */
function checkLength(ctx: Context, length: number): void {
  if (length > ctx.server.config.protoMaxBulkLen) throw STRING_TOO_LONG;
}
