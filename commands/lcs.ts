/** LCS: the longest common subsequence of two strings, by the textbook table of lengths. */

import { isString } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";

const NOT_STRINGS = new CommandError("ERR The specified keys must contain string values");
const LEN_AND_IDX = new CommandError("ERR If you want both the length and indexes, please just use IDX.");
const TOO_LONG = new CommandError("ERR String too long for LCS");
const NO_MEMORY = new CommandError("ERR Insufficient memory, failed allocating transient memory for LCS");
const OVER_LIMIT = new CommandError(
  "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
);
const CELL_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** Cells that the table may have: more than a typed array of this runtime can be asked for. */
const MAX_CELLS = 1 << 30;

interface LcsOptions {
  idx: boolean;
  len: boolean;
  withMatchLen: boolean;
  minMatchLen: number;
}

/** One run of equal bytes: where it is in both strings (inclusive). */
interface Match {
  aFrom: number;
  aTo: number;
  bFrom: number;
  bTo: number;
}

export function lcs(ctx: Context, args: Args): void {
  const first = ctx.read(args, 1);
  const second = ctx.read(args, 2);
  const a = stringAt(ctx, first);
  const b = stringAt(ctx, second);
  const options = lcsOptions(args);
  if (a.length >= 0xffffffff || b.length >= 0xffffffff) throw TOO_LONG;
  const table = lengths(a, b, ctx.server.config.protoMaxBulkLen);
  const width = b.length + 1;
  const total = table[a.length * width + b.length]!;
  if (options.len) return ctx.reply.integer(total);
  if (options.idx) return replyMatches(ctx, matchesOf(a, b, table, options), options, total);
  const result = new Uint8Array(total);
  let at = total;
  for (let i = a.length, j = b.length; i > 0 && j > 0;) {
    if (a[i - 1] === b[j - 1]) {
      result[--at] = a[--i]!;
      j--;
    } else if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) i--;
    else j--;
  }
  ctx.reply.bulk(result);
}

/** A copy of a record's string; empty where there is no record. */
function stringAt(ctx: Context, addr: number): Uint8Array {
  if (addr === 0) return new Uint8Array(0);
  if (!isString(ctx.db.kind(addr))) throw NOT_STRINGS;
  const start = ctx.db.valueStart(addr);
  return ctx.db.bytes(addr).slice(start, start + ctx.db.valueLength(addr));
}

function lcsOptions(args: Args): LcsOptions {
  const options: LcsOptions = { idx: false, len: false, withMatchLen: false, minMatchLen: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "IDX")) options.idx = true;
    else if (args.is(i, "LEN")) options.len = true;
    else if (args.is(i, "WITHMATCHLEN")) options.withMatchLen = true;
    else if (args.is(i, "MINMATCHLEN") && i + 1 < args.count) {
      options.minMatchLen = Math.max(0, args.integer(++i));
    } else throw SYNTAX;
  }
  if (options.len && options.idx) throw LEN_AND_IDX;
  return options;
}

/** Lengths of the longest common subsequence of each pair of prefixes. Throws where they would take more than `limit` bytes. */
function lengths(a: Uint8Array, b: Uint8Array, limit: number): Uint32Array {
  const width = b.length + 1;
  const cells = (a.length + 1) * width;
  if (cells * CELL_BYTES > limit) throw OVER_LIMIT;
  if (cells > MAX_CELLS) throw NO_MEMORY;
  const table = new Uint32Array(cells);
  for (let i = 1; i <= a.length; i++) {
    const row = i * width;
    const above = row - width;
    for (let j = 1; j <= b.length; j++) {
      if (a[i - 1] === b[j - 1]) table[row + j] = table[above + j - 1]! + 1;
      else table[row + j] = Math.max(table[above + j]!, table[row + j - 1]!);
    }
  }
  return table;
}

/** The runs of the subsequence that are long enough, from the end of the strings to their beginning. */
function matchesOf(a: Uint8Array, b: Uint8Array, table: Uint32Array, options: LcsOptions): Match[] {
  const width = b.length + 1;
  const matches: Match[] = [];
  let run: Match | null = null;
  const finish = (): void => {
    if (run !== null && run.aTo - run.aFrom + 1 >= options.minMatchLen) matches.push(run);
    run = null;
  };
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      if (run !== null && run.aFrom === i && run.bFrom === j) {
        run.aFrom--;
        run.bFrom--;
      } else {
        finish();
        run = { aFrom: i - 1, aTo: i - 1, bFrom: j - 1, bTo: j - 1 };
      }
      i--;
      j--;
    } else {
      finish();
      if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) i--;
      else j--;
    }
  }
  finish();
  return matches;
}

function replyMatches(ctx: Context, matches: Match[], options: LcsOptions, total: number): void {
  const reply = ctx.reply;
  reply.map(2);
  reply.bulkText("matches");
  reply.array(matches.length);
  for (const match of matches) {
    reply.array(options.withMatchLen ? 3 : 2);
    reply.array(2);
    reply.integer(match.aFrom);
    reply.integer(match.aTo);
    reply.array(2);
    reply.integer(match.bFrom);
    reply.integer(match.bTo);
    if (options.withMatchLen) reply.integer(match.aTo - match.aFrom + 1);
  }
  reply.bulkText("len");
  reply.integer(total);
}
