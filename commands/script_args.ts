/** What scripts and functions have in common: the count of keys, and how caches are flushed. */

import type { Args } from "./args.ts";
import { CommandError, NOT_INTEGER, TOO_MANY_KEYS } from "./errors.ts";

const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");

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
