/** Expiry options (EX, PX, EXAT, PXAT, PERSIST, KEEPTTL), read the same way by every command that has them. */

import type { Expiry } from "../store.ts";
import { NO_EXPIRY } from "../store.ts";
import { normalizeInt64 } from "../types/bytes.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { invalidExpire, SYNTAX } from "./errors.ts";

const INT64_MAX = 9223372036854775807n;

/** In which unit and from when a time is given. */
export interface TimeUnit {
  seconds: boolean;
  /** Unix time instead of a span from now. */
  absolute: boolean;
}

const UNITS: readonly [word: string, unit: TimeUnit][] = [
  ["EX", { seconds: true, absolute: false }],
  ["PX", { seconds: false, absolute: false }],
  ["EXAT", { seconds: true, absolute: true }],
  ["PXAT", { seconds: false, absolute: true }],
];

/**
 * Argument `i` as a time in `unit`, as Unix milliseconds. Throws "invalid expire time in 'x' command" for zero, negative
 * and overflowing times and "value is not an integer" for what is no number.
 */
export function expiryFrom(ctx: Context, args: Args, i: number, unit: TimeUnit): Expiry {
  const value = args.int64(i);
  if (value <= 0) throw invalidExpire(ctx.command.fullName);
  return toUnixMs(ctx, value, unit);
}

/** As {@link expiryFrom}, for commands that accept times in the past (EXPIRE and its family). */
export function toUnixMs(ctx: Context, value: number | bigint, unit: TimeUnit): Expiry {
  const base = unit.absolute ? 0 : ctx.store.now();
  const quick = Number(value) * (unit.seconds ? 1000 : 1) + base;
  if (Number.isSafeInteger(quick) && typeof value === "number") return quick;
  const exact = BigInt(value) * (unit.seconds ? 1000n : 1n);
  const sum = exact + BigInt(base);
  if (exact > INT64_MAX || exact < -INT64_MAX - 1n || sum > INT64_MAX || sum < -INT64_MAX - 1n) {
    throw invalidExpire(ctx.command.fullName);
  }
  return normalizeInt64(sum);
}

/** What the options of SET and GETEX said. */
export interface ExpiryOptions {
  /** The new expiry, NO_EXPIRY where none was given. */
  expiry: Expiry;
  keepTtl: boolean;
  persist: boolean;
  nx: boolean;
  xx: boolean;
  get: boolean;
  /** The time as it was given; {@link resolveExpiry} makes an expiry of it. */
  unit: TimeUnit | undefined;
  valueAt: number;
}

/** Makes an expiry of the time that was given, if one was. Throws as {@link expiryFrom} does. */
export function resolveExpiry(ctx: Context, args: Args, options: ExpiryOptions): void {
  const { unit } = options;
  if (unit === undefined) return;
  options.expiry = expiryFrom(ctx, args, options.valueAt, unit);
}

/**
 * Reads the options of SET (`forSet`) or GETEX from argument `from` on. Throws "syntax error". The time is resolved
 * for SET; GETEX looks at its key first and does that itself.
 */
export function expiryOptions(ctx: Context, args: Args, from: number, forSet: boolean): ExpiryOptions {
  const options: ExpiryOptions = {
    expiry: NO_EXPIRY,
    keepTtl: false,
    persist: false,
    nx: false,
    xx: false,
    get: false,
    unit: undefined,
    valueAt: 0,
  };
  for (let i = from; i < args.count; i++) {
    const timed = i + 1 < args.count ? UNITS.find(([word]) => args.is(i, word)) : undefined;
    const isOther = options.unit !== undefined && options.unit !== timed?.[1]; // the same again replaces it
    const taken = isOther || options.keepTtl || options.persist;
    if (forSet && args.is(i, "NX") && !options.xx) options.nx = true;
    else if (forSet && args.is(i, "XX") && !options.nx) options.xx = true;
    else if (forSet && args.is(i, "GET")) options.get = true;
    else if (forSet && args.is(i, "KEEPTTL") && options.unit === undefined) options.keepTtl = true;
    else if (!forSet && args.is(i, "PERSIST") && options.unit === undefined) options.persist = true;
    else if (timed !== undefined && !taken) {
      options.unit = timed[1];
      options.valueAt = ++i;
    } else throw SYNTAX;
  }
  if (forSet) resolveExpiry(ctx, args, options);
  return options;
}
