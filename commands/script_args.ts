/** What the commands of scripts and of functions have in common. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NOT_INTEGER, TOO_MANY_KEYS } from "./errors.ts";
import { type KeySpec, numkeys } from "./row.ts";

/** Flags of the commands that run one, and of those that let it read only. */
export const RUN_FLAGS = ["noscript", "stale", "skip_monitor", "no_mandatory_keys", "movablekeys"];
export const RUN_RO_FLAGS = ["readonly", ...RUN_FLAGS];

const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");

const NOTES = "We cannot tell how the keys will be used so we assume the worst, ";

/** Keys of a script: it may do anything with them. */
export function anyUse(notes = true): KeySpec {
  return numkeys(2, "RW access update", notes ? NOTES + "RW and UPDATE" : undefined);
}

/** Keys of a script that may only read them. */
export function readUse(notes = true): KeySpec {
  return numkeys(2, "RO access", notes ? NOTES + "RO and ACCESS" : undefined);
}

/** The number of keys, argument 2: so many of the arguments that follow are keys. @throws CommandError */
export function keyCount(args: Args, noNumber: CommandError = NOT_INTEGER): number {
  const count = args.integer(2, noNumber);
  if (count > args.count - 3) throw TOO_MANY_KEYS;
  if (count < 0) throw NEGATIVE_KEYS;
  return count;
}

/** Checks that argument `i`, if there is one, is ASYNC or SYNC. @throws `syntax` */
export function flushMode(args: Args, i: number, syntax: CommandError): void {
  if (i < args.count && !args.is(i, "ASYNC") && !args.is(i, "SYNC")) throw syntax;
}

/** MONITOR shows a script before its commands, where other commands are shown when they are over. */
export function showFirst(ctx: Context, args: Args): void {
  const { monitors } = ctx.server;
  if (monitors.any) monitors.show(ctx.client, ctx.command, args);
}
