// The shape of one row of the command table, and the words in which the rows say where a command's keys are.
//
// Everything the server knows about a command without running it is in its row: COMMAND INFO, arity checks, ACL
// categories, key extraction and the coverage table read it from here. Most commands name their keys in one of six
// ways, so six short constructors keep a row on one line; a spec that none of them can say is written out in full.

import type { Args } from "./args.ts";
import type { Block, Suspension } from "./block.ts";
import type { Context } from "./context.ts";

/** Where the keys of a command are: find the place to begin at, then step through the keys from there. */
export interface KeySpec {
  /** Access (`RO`, `RW`, `OW`, `RM`) and effect (`access`, `update`, ...) words, in the order of COMMAND INFO. */
  flags: string[];
  begin: { index: number } | { keyword: string; from: number } | "unknown";
  find:
    | { last: number; step: number; limit: number }
    | { keynum: number; first: number; step: number }
    | "unknown";
  notes?: string;
}

function spec(begin: KeySpec["begin"], find: KeySpec["find"], flags: string, notes?: string): KeySpec {
  const made: KeySpec = { flags: flags === "" ? [] : flags.split(" "), begin, find };
  if (notes !== undefined) made.notes = notes;
  return made;
}

/** One key, at argument `index` (the command's name is argument 0). */
export function at(index: number, flags: string, notes?: string): KeySpec {
  return spec({ index }, { last: 0, step: 1, limit: 0 }, flags, notes);
}

/**
 * Every `step`-th argument from `index` on, to `last`: counted from `index` when it is 0 or more, else from the end of
 * the command (-1 is its last argument).
 */
export function range(index: number, last: number, step: number, flags: string, notes?: string): KeySpec {
  return spec({ index }, { last, step, limit: 0 }, flags, notes);
}

/** The number of keys is argument `index`; the keys follow it. */
export function numkeys(index: number, flags: string, notes?: string): KeySpec {
  return spec({ index }, { keynum: 0, first: 1, step: 1 }, flags, notes);
}

/** One key, right after `keyword`, which is looked for from argument `from` on (negative: backwards from the end). */
export function after(keyword: string, from: number, flags: string, notes?: string): KeySpec {
  return spec({ keyword, from }, { last: 0, step: 1, limit: 0 }, flags, notes);
}

/** Every argument after `keyword` is a key (`MIGRATE ... KEYS k1 k2`). */
export function allAfter(keyword: string, from: number, flags: string, notes?: string): KeySpec {
  return spec({ keyword, from }, { last: -1, step: 1, limit: 0 }, flags, notes);
}

/** The first half of what follows `keyword` are keys (`XREAD STREAMS k1 k2 id1 id2`). */
export function halfAfter(keyword: string, from: number, flags: string, notes?: string): KeySpec {
  return spec({ keyword, from }, { last: -1, step: 1, limit: 2 }, flags, notes);
}

/** Keys that only the command itself can find (`SORT ... STORE`): commands/keys.ts holds the code that does. */
export function unknown(flags: string, notes?: string): KeySpec {
  return spec("unknown", "unknown", flags, notes);
}

/** The names of all ACL categories, in the order in which replies list them. */
export const CATEGORIES: readonly string[] = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
];

/**
 * The ACL categories of a row without "@": those written in it and those its flags imply. A read-only command of the
 * scripting category is not in @read, because a script decides itself what it reads.
 */
export function categoriesOf(flags: readonly string[], explicit: readonly string[]): Set<string> {
  const all = new Set(explicit);
  if (flags.includes("write")) all.add("write");
  if (flags.includes("readonly") && !all.has("scripting")) all.add("read");
  if (flags.includes("admin")) all.add("admin").add("dangerous");
  if (flags.includes("pubsub")) all.add("pubsub");
  if (flags.includes("blocking")) all.add("blocking");
  all.add(flags.includes("fast") ? "fast" : "slow");
  return all;
}

/**
 * What runs a command. It writes one reply to `ctx.reply`; a blocking command may return a {@link Block} instead, and one
 * that goes on later a {@link Suspension}.
 */
export type Handler = (ctx: Context, args: Args) => void | Block | Suspension;

/** One row of the command table. */
export interface CommandRow {
  /** Upper case; of a sub-command its own word. */
  name: string;
  /** Exact number of arguments with the name; negative: at least so many. */
  arity: number;
  /** Flags in the order of COMMAND INFO. */
  flags: string[];
  /** First key, last key, step, as COMMAND INFO; all 0 without keys. */
  keys: [first: number, last: number, step: number];
  specs?: KeySpec[];
  /** ACL categories that the flags do not imply ({@link categoriesOf}). */
  categories: string[];
  tips?: string[];
  /**
   * It takes microseconds, however large the data set and the value, as long as its arguments and its reply are short: so
   * little that nobody looks at the clock for it (server/timing.ts).
   */
  brief?: true;
  subcommands?: CommandRow[];
  /** Absent for a container that only has sub-commands. */
  run?: Handler;
}
