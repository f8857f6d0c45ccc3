/**
 * The options of XADD and XTRIM: what to trim to, and how the command goes out to replicas and the append-only file.
 *
 * What `~` removes depends on how entries happen to lie in nodes, so the command goes out with `=` and with what the
 * stream was trimmed to in fact; and with the ID that `*` stood for.
 */

import type { Stream } from "../types/stream.ts";
import { StreamId } from "../types/stream_id.ts";
import type { TrimRule } from "../types/stream_trim.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { isCharacter, strictId } from "./stream_args.ts";

const TWO_STRATEGIES = new CommandError(
  "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
);
const NO_STRATEGY = new CommandError("ERR syntax error, XTRIM must be called with a trimming strategy");
const LIMIT_WITHOUT_STRATEGY = new CommandError(
  "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
);
const LIMIT_WHEN_EXACT = new CommandError(
  "ERR syntax error, LIMIT cannot be used without the special ~ option",
);
const NEGATIVE_MAXLEN = new CommandError("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT = new CommandError("ERR The LIMIT argument must be >= 0.");

/** Approximate trimming without LIMIT stops after this many nodes' worth of entries, and at these numbers at least. */
const DEFAULT_LIMIT_NODES = 100, DEFAULT_LIMIT_WITHOUT_NODES = 10000, DEFAULT_LIMIT_MOST = 1000000;

/** `limit` before {@link settleTrim} where none was given. */
const NO_LIMIT = -1;

/** What the options say. */
export interface TrimOptions {
  /** Whether to trim at all. */
  trims: boolean;
  rule: TrimRule;
  /** NOMKSTREAM. */
  noCreate: boolean;
  /** The argument behind the options: XADD's ID. */
  end: number;
  /** The argument with the threshold. */
  thresholdAt: number;
}

const options: TrimOptions = {
  trims: false,
  rule: { maxLength: undefined, minId: new StreamId(), approximate: false, limit: 0 },
  noCreate: false,
  end: 0,
  thresholdAt: 0,
};

/**
 * Reads the options from argument 2 on. {@link settleTrim} must follow, after XADD has looked at its ID: that is the
 * order in which redis-server finds mistakes. The result is valid until the next call.
 */
export function parseTrim(args: Args, isAdd: boolean): TrimOptions {
  const { rule } = options;
  options.trims = options.noCreate = rule.approximate = false;
  rule.maxLength = undefined;
  rule.limit = NO_LIMIT;
  let i = 2;
  for (; i < args.count; i++) {
    const hasMore = i + 1 < args.count;
    if (hasMore && args.is(i, "MAXLEN")) i = parseThreshold(args, i, true);
    else if (hasMore && args.is(i, "MINID")) i = parseThreshold(args, i, false);
    else if (hasMore && args.is(i, "LIMIT")) {
      rule.limit = args.integer(++i);
      if (rule.limit < 0) throw NEGATIVE_LIMIT;
    } else if (isAdd && args.is(i, "NOMKSTREAM")) options.noCreate = true;
    else if (isAdd) break;
    else throw SYNTAX;
  }
  options.end = i;
  return options;
}

/** Checks that the options go together and fills in the limit. */
export function settleTrim(ctx: Context, { trims, rule }: TrimOptions, isAdd: boolean): void {
  if (rule.limit > 0 && !trims) throw LIMIT_WITHOUT_STRATEGY;
  if (!isAdd && !trims) throw NO_STRATEGY;
  const given = rule.limit;
  // What a primary or a file sends was trimmed exactly there: it has to be here, however long it takes.
  if (ctx.client.primary || ctx.client.loader) rule.limit = 0;
  else if (given !== NO_LIMIT) {
    if (!rule.approximate) throw LIMIT_WHEN_EXACT;
  } else if (rule.approximate) {
    const limit = DEFAULT_LIMIT_NODES * ctx.server.config.streamNodeMaxEntries;
    rule.limit = limit <= 0 ? DEFAULT_LIMIT_WITHOUT_NODES : Math.min(limit, DEFAULT_LIMIT_MOST);
  } else rule.limit = 0;
}

/** Reads `[=|~] threshold` behind argument `i`. Returns the threshold's argument. */
function parseThreshold(args: Args, i: number, isLength: boolean): number {
  const { rule } = options;
  if (options.trims) throw TWO_STRATEGIES;
  rule.approximate = false;
  let at = i + 1;
  if (at + 1 < args.count && (isCharacter(args, at, "~") || isCharacter(args, at, "="))) {
    rule.approximate = isCharacter(args, at, "~");
    at++;
  }
  if (isLength) {
    rule.maxLength = args.integer(at);
    if (rule.maxLength < 0) throw NEGATIVE_MAXLEN;
  } else strictId(args, at, rule.minId);
  options.trims = true;
  options.thresholdAt = at;
  return at;
}

/**
 * Makes the command go out with the exact threshold and, where `idAt` is not -1, with this ID in that argument.
 */
export function rewriteTrimmed(
  ctx: Context,
  args: Args,
  stream: Stream,
  { rule, thresholdAt }: TrimOptions,
  idAt: number,
  id: StreamId,
): void {
  if (!ctx.propagates) return;
  const items: (Uint8Array | string)[] = [];
  for (let i = 0; i < args.count; i++) items.push(args.bytes(i));
  if (rule.approximate) {
    items[thresholdAt - 1] = "=";
    items[thresholdAt] = rule.maxLength !== undefined ? String(stream.length) : firstPhysicalId(stream);
  }
  if (idAt >= 0) items[idAt] = id.toString();
  ctx.rewriteAs(...items);
}

const first = new StreamId();

/** The ID of the first entry, deleted or not; the largest ID where there is none, since trimming left nothing. */
function firstPhysicalId(stream: Stream): string {
  return (stream.firstPhysicalId(first) ? first : StreamId.max()).toString();
}
