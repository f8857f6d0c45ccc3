/** What SCAN, HSCAN, SSCAN and ZSCAN have in common: cursors and options. */

import { globMatch } from "../types/glob.ts";
import type { Args } from "./args.ts";
import { INVALID_CURSOR, SYNTAX } from "./errors.ts";

const UINT64_MAX = 18446744073709551615n;

/**
 * The cursor in argument `i`, as the 32 bits that our tables use. Read as leniently as redis-server does (C's
 * strtoul): a sign is taken, a zero byte ends the text, and no text at all is 0. Throws "invalid cursor".
 */
export function scanCursor(args: Args, i: number): number {
  const text = args.cText(i);
  if (text === "") return 0;
  if (!/^[+-]?[0-9]+$/.test(text)) throw INVALID_CURSOR;
  const magnitude = BigInt(text.replace(/^[+-]/, ""));
  if (magnitude > UINT64_MAX) throw INVALID_CURSOR;
  const value = text.startsWith("-") ? -magnitude : magnitude;
  return Number(BigInt.asUintN(32, value));
}

/** COUNT, MATCH and TYPE. */
export interface ScanOptions {
  count: number;
  /** Lower case; null for any. No key has the type "". */
  type: string | null;
  /** True where these bytes pass MATCH. */
  matches(buf: Uint8Array, start: number, end: number): boolean;
}

/** Reads the options from argument `from` on; TYPE only where `withType`. Throws "syntax error". */
export function scanOptions(args: Args, from: number, withType: boolean): ScanOptions {
  let count = 10;
  let type: string | null = null;
  let pattern = 0;
  for (let i = from; i < args.count; i += 2) {
    const more = i + 1 < args.count;
    if (more && args.is(i, "COUNT")) {
      count = args.integer(i + 1);
      if (count < 1) throw SYNTAX;
    } else if (more && args.is(i, "MATCH")) pattern = i + 1;
    else if (more && withType && args.is(i, "TYPE")) type = args.text(i + 1).toLowerCase();
    else throw SYNTAX;
  }
  const ps = pattern === 0 ? 0 : args.starts[pattern]!;
  const pe = pattern === 0 ? 0 : args.ends[pattern]!;
  const any = pattern === 0 || (pe - ps === 1 && args.buf[ps] === 42);
  return { count, type, matches: (buf, start, end) => any || globMatch(args.buf, ps, pe, buf, start, end) };
}
