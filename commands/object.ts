/** OBJECT: how a value is stored, and how it has been used. */

import { parseInt64 } from "../types/bytes.ts";
import { encodingName, Kind } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { at, type CommandRow } from "./row.ts";

/** The row of OBJECT and its sub-commands. */
export const objectRow: CommandRow = {
  name: "OBJECT",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "ENCODING",
      arity: 3,
      flags: ["readonly"],
      keys: [2, 2, 1],
      specs: [at(2, "RO")],
      categories: ["keyspace"],
      tips: ["nondeterministic_output"],
      run: objectEncoding,
    },
    {
      name: "FREQ",
      arity: 3,
      flags: ["readonly"],
      keys: [2, 2, 1],
      specs: [at(2, "RO")],
      categories: ["keyspace"],
      tips: ["nondeterministic_output"],
      run: objectFreq,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["keyspace"],
      run: objectHelp,
    },
    {
      name: "IDLETIME",
      arity: 3,
      flags: ["readonly"],
      keys: [2, 2, 1],
      specs: [at(2, "RO")],
      categories: ["keyspace"],
      tips: ["nondeterministic_output"],
      run: objectIdletime,
    },
    {
      name: "REFCOUNT",
      arity: 3,
      flags: ["readonly"],
      keys: [2, 2, 1],
      specs: [at(2, "RO")],
      categories: ["keyspace"],
      tips: ["nondeterministic_output"],
      run: objectRefcount,
    },
  ],
};

const NO_LFU = new CommandError(
  "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between " +
    "policies at runtime LRU and LFU data will take some time to adjust.",
);
const LFU = new CommandError(
  "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at " +
    "runtime LRU and LFU data will take some time to adjust.",
);
/** What redis-server says of the small integers that all keys share. */
const SHARED = 2147483647;
const SHARED_INTEGERS = 10000;

function objectEncoding(ctx: Context, args: Args): void {
  const addr = ctx.peekQuietly(args, 2);
  if (addr === 0) ctx.reply.null();
  else ctx.reply.bulkText(encodingName(ctx.db.kind(addr)));
}

function objectFreq(ctx: Context, args: Args): void {
  const addr = ctx.peekQuietly(args, 2);
  if (addr === 0) return ctx.reply.null();
  if (!ctx.store.lfu) throw NO_LFU;
  ctx.reply.integer(ctx.store.decayedCounter(ctx.db.accessOf(addr)));
}

function objectIdletime(ctx: Context, args: Args): void {
  const addr = ctx.peekQuietly(args, 2);
  if (addr === 0) return ctx.reply.null();
  if (ctx.store.lfu) throw LFU;
  ctx.reply.integer((ctx.store.lruClock - ctx.db.accessOf(addr)) & 0xffffff);
}

function objectRefcount(ctx: Context, args: Args): void {
  const addr = ctx.peekQuietly(args, 2);
  if (addr === 0) return ctx.reply.null();
  ctx.reply.integer(referenceCount(ctx, addr));
}

/** How often redis-server would say that a record's value is referred to. */
export function referenceCount(ctx: Context, addr: number): number {
  return isSharedInteger(ctx, addr) ? SHARED : 1;
}

/** Redis shares the integers below 10,000 unless it must know when each key was used. */
function isSharedInteger(ctx: Context, addr: number): boolean {
  const { db, server } = ctx;
  if (db.kind(addr) !== Kind.INT) return false;
  if (server.config.maxmemory > 0 && /l[rf]u$/.test(server.config.maxmemoryPolicy)) return false;
  const start = db.valueStart(addr);
  const value = Number(parseInt64(db.bytes(addr), start, start + db.valueLength(addr)));
  return value >= 0 && value < SHARED_INTEGERS;
}

function objectHelp(ctx: Context): void {
  replyHelp(ctx, "OBJECT", [
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
  ]);
}
