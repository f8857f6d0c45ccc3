/**
 * Commands on keys of any type. Expiry has a file of its own (expire.ts), and so has OBJECT; DUMP, RESTORE and MIGRATE stand with
 * persistence, SORT in sort.ts, WAIT with replication.
 */

import type { Database } from "../store.ts";
import { globMatch } from "../types/glob.ts";
import { isObject, type StoredObject, typeName } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { NO_SUCH_KEY, SAME_OBJECT, SYNTAX } from "./errors.ts";
import {
  expire,
  expireat,
  expiretime,
  persist,
  pexpire,
  pexpireat,
  pexpiretime,
  pttl,
  ttl,
} from "./expire.ts";
import { Notify } from "./notify_classes.ts";
import { objectRow } from "./object.ts";
import { at, type CommandRow, range } from "./row.ts";
import { scanCursor, scanOptions } from "./scan.ts";

/** The table rows of the generic group, in alphabetical order. */
export const genericRows: readonly CommandRow[] = [
  {
    name: "COPY",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, 2, 1],
    specs: [at(1, "RO access"), at(2, "OW update")],
    categories: ["keyspace"],
    run: copy,
  },
  {
    name: "DEL",
    arity: -2,
    flags: ["write"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RM delete")],
    categories: ["keyspace"],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    run: del,
  },
  {
    name: "EXISTS",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO")],
    categories: ["keyspace"],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    brief: true,
    run: exists,
  },
  {
    name: "EXPIRE",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["keyspace"],
    run: expire,
  },
  {
    name: "EXPIREAT",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["keyspace"],
    run: expireat,
  },
  {
    name: "EXPIRETIME",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["keyspace"],
    run: expiretime,
  },
  {
    name: "KEYS",
    arity: 2,
    flags: ["readonly"],
    keys: [0, 0, 0],
    categories: ["keyspace", "dangerous"],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    run: keys,
  },
  {
    name: "MOVE",
    arity: 3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access update")],
    categories: ["keyspace"],
    run: move,
  },
  objectRow,
  {
    name: "PERSIST",
    arity: 2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["keyspace"],
    run: persist,
  },
  {
    name: "PEXPIRE",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["keyspace"],
    run: pexpire,
  },
  {
    name: "PEXPIREAT",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["keyspace"],
    run: pexpireat,
  },
  {
    name: "PEXPIRETIME",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["keyspace"],
    run: pexpiretime,
  },
  {
    name: "PTTL",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["keyspace"],
    tips: ["nondeterministic_output"],
    brief: true,
    run: pttl,
  },
  {
    name: "RANDOMKEY",
    arity: 1,
    flags: ["readonly"],
    keys: [0, 0, 0],
    categories: ["keyspace"],
    tips: ["request_policy:all_shards", "nondeterministic_output"],
    run: randomkey,
  },
  {
    name: "RENAME",
    arity: 3,
    flags: ["write"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "OW update")],
    categories: ["keyspace"],
    run: rename,
  },
  {
    name: "RENAMENX",
    arity: 3,
    flags: ["write", "fast"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "OW insert")],
    categories: ["keyspace"],
    run: renamenx,
  },
  {
    name: "SCAN",
    arity: -2,
    flags: ["readonly"],
    keys: [0, 0, 0],
    categories: ["keyspace"],
    tips: ["nondeterministic_output", "request_policy:special"],
    run: scan,
  },
  {
    name: "TOUCH",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO")],
    categories: ["keyspace"],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    run: touch,
  },
  {
    name: "TTL",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["keyspace"],
    tips: ["nondeterministic_output"],
    brief: true,
    run: ttl,
  },
  {
    name: "TYPE",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["keyspace"],
    brief: true,
    run: type,
  },
  {
    name: "UNLINK",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RM delete")],
    categories: ["keyspace"],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    run: unlink,
  },
];

/** RANDOMKEY gives up on finding a living key after this many dead ones (all may be dead on a replica). */
const RANDOM_TRIES = 100;

function del(ctx: Context, args: Args): void {
  deleteKeys(ctx, args, ctx.server.config.lazyfreeLazyUserDel);
}

function unlink(ctx: Context, args: Args): void {
  deleteKeys(ctx, args, true);
}

/** Large values are always freed in slices here; `lazy` only says how INFO counts that. */
function deleteKeys(ctx: Context, args: Args, lazy: boolean): void {
  let deleted = 0;
  for (let i = 1; i < args.count; i++) {
    if (!ctx.db.delete(args.buf, args.starts[i]!, args.ends[i]!, lazy)) continue;
    ctx.changed(Notify.GENERIC, "del", args, i);
    deleted++;
  }
  ctx.reply.integer(deleted);
}

function exists(ctx: Context, args: Args): void {
  ctx.reply.integer(countLiving(ctx, args, false));
}

function touch(ctx: Context, args: Args): void {
  ctx.reply.integer(countLiving(ctx, args, true));
}

function countLiving(ctx: Context, args: Args, touched: boolean): number {
  let count = 0;
  for (let i = 1; i < args.count; i++) {
    if ((touched ? ctx.read(args, i) : ctx.peek(args, i)) !== 0) count++;
  }
  return count;
}

function type(ctx: Context, args: Args): void {
  const addr = ctx.peek(args, 1);
  ctx.reply.simple(addr === 0 ? "none" : typeName(ctx.db.kind(addr)));
}

function randomkey(ctx: Context): void {
  const { db } = ctx;
  const allVolatile = db.volatileSize === db.size;
  for (let tries = 0; db.size > 0; tries++) {
    const addr = db.table.random(() => ctx.store.random());
    const dead = db.isPastExpiry(addr);
    const key = db.keyBytes(addr);
    if (dead && db.find(key, 0, key.length) === 0 && !(allVolatile && tries >= RANDOM_TRIES)) continue;
    return ctx.reply.bulk(key);
  }
  ctx.reply.null();
}

function keys(ctx: Context, args: Args): void {
  const { db, reply } = ctx;
  const { buf } = args;
  const from = args.starts[1]!;
  const to = args.ends[1]!;
  const all = to - from === 1 && buf[from] === 42;
  const mark = reply.defer();
  let count = 0;
  db.table.forEach((addr) => {
    const bytes = db.bytes(addr);
    const start = db.keyStart(addr);
    const end = start + db.keyLength(addr);
    if (!all && !globMatch(buf, from, to, bytes, start, end)) return;
    if (db.isPastExpiry(addr)) return;
    reply.bulk(bytes, start, end);
    count++;
  });
  reply.endArray(mark, count);
}

function scan(ctx: Context, args: Args): void {
  let cursor = scanCursor(args, 1);
  const options = scanOptions(args, 2, true);
  const { db, reply } = ctx;
  const found: number[] = [];
  const visit = (addr: number): void => {
    found.push(addr);
  };
  let steps = options.count * 10;
  do cursor = db.table.scan(cursor, visit); while (
    cursor !== 0 && steps-- > 0 && found.length < options.count
  );
  reply.array(2);
  reply.bulkInteger(cursor);
  const mark = reply.defer();
  let count = 0;
  for (const addr of found) {
    const bytes = db.bytes(addr);
    const start = db.keyStart(addr);
    const end = start + db.keyLength(addr);
    if (!options.matches(bytes, start, end)) continue;
    if (options.type !== null && !hasType(ctx, bytes, start, end, options.type)) continue;
    // A dead key is deleted now; later records keep their addresses.
    if (db.find(bytes, start, end) === 0) continue;
    reply.bulk(bytes, start, end);
    count++;
  }
  reply.endArray(mark, count);
}

/** Whether the key is of this type; asking counts as a hit or a miss, and deletes a dead key. */
function hasType(ctx: Context, bytes: Uint8Array, start: number, end: number, type: string): boolean {
  const addr = ctx.peekAt(bytes, start, end);
  return addr !== 0 && typeName(ctx.db.kind(addr)) === type;
}

// -- Renaming, moving, copying ------------------------------------------------------------------------------------

function rename(ctx: Context, args: Args): void {
  if (renameKey(ctx, args, true)) ctx.reply.ok();
}

function renamenx(ctx: Context, args: Args): void {
  ctx.reply.integer(renameKey(ctx, args, false) ? 1 : 0);
}

/** False where the new name was taken and must not be overwritten. Throws "no such key". */
function renameKey(ctx: Context, args: Args, overwrite: boolean): boolean {
  const { db } = ctx;
  let addr = ctx.write(args, 1);
  if (addr === 0) throw NO_SUCH_KEY;
  if (args.same(1, 2)) return overwrite;
  const start = args.starts[2]!;
  const end = args.ends[2]!;
  if (ctx.write(args, 2) !== 0) {
    if (!overwrite) return false;
    db.delete(args.buf, start, end);
    addr = db.find(args.buf, args.starts[1]!, args.ends[1]!);
  }
  db.rename(addr, db, args.buf, start, end);
  ctx.touch(args.buf, args.starts[1]!, args.ends[1]!);
  ctx.touch(args.buf, start, end);
  ctx.notify(Notify.GENERIC, "rename_from", args.buf, args.starts[1]!, args.ends[1]!);
  ctx.notify(Notify.GENERIC, "rename_to", args.buf, start, end);
  ctx.dirty++;
  return true;
}

function move(ctx: Context, args: Args): void {
  const target = ctx.database(args, 2);
  const source = ctx.db;
  if (target === source) throw SAME_OBJECT;
  const start = args.starts[1]!;
  const end = args.ends[1]!;
  const addr = ctx.write(args, 1);
  if (addr === 0 || target.lookupWrite(args.buf, start, end) !== 0) return ctx.reply.integer(0);
  source.rename(addr, target, args.buf, start, end, clonedFor(source, addr, target));
  ctx.touch(args.buf, start, end, source);
  ctx.touch(args.buf, start, end, target);
  ctx.notify(Notify.GENERIC, "move_from", args.buf, start, end, source);
  ctx.notify(Notify.GENERIC, "move_to", args.buf, start, end, target);
  ctx.dirty++;
  ctx.reply.integer(1);
}

function copy(ctx: Context, args: Args): void {
  let target = ctx.db;
  let replace = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "REPLACE")) replace = true;
    else if (args.is(i, "DB") && i + 1 < args.count) target = ctx.database(args, ++i);
    else throw SYNTAX;
  }
  if (target === ctx.db && args.same(1, 2)) throw SAME_OBJECT;
  const { buf } = args;
  const start = args.starts[2]!;
  const end = args.ends[2]!;
  const source = ctx.read(args, 1);
  if (source === 0) return ctx.reply.integer(0);
  if (target.lookupWrite(buf, start, end) !== 0) {
    if (!replace) return ctx.reply.integer(0);
    target.delete(buf, start, end);
  }
  copyRecord(ctx.db, ctx.db.find(buf, args.starts[1]!, args.ends[1]!), target, buf, start, end);
  ctx.touch(buf, start, end, target);
  ctx.notify(Notify.GENERIC, "copy_to", buf, start, end, target);
  ctx.dirty++;
  ctx.reply.integer(1);
}

/** Adds a copy of a record's value, with its expiry, under a key that is free. */
function copyRecord(
  from: Database,
  addr: number,
  to: Database,
  buf: Uint8Array,
  start: number,
  end: number,
): void {
  const kind = from.kind(addr);
  const expiry = from.exactExpiryOf(addr);
  if (isObject(kind)) {
    to.setObject(buf, start, end, kind, from.object<StoredObject>(addr).cloneInto(to.arena), expiry);
  } else {
    const at = from.valueStart(addr);
    to.set(buf, start, end, kind, from.bytes(addr), at, at + from.valueLength(addr), expiry);
  }
}

/** A copy of a record's object in the arena of the database it moves to; undefined for inline values. */
function clonedFor(from: Database, addr: number, to: Database): StoredObject | undefined {
  return isObject(from.kind(addr)) ? from.object<StoredObject>(addr).cloneInto(to.arena) : undefined;
}
