/**
 * Streams: adding, reading ranges, deleting and trimming entries.
 *
 * Reading with XREAD and XREADGROUP is in streams_read.ts, consumer groups are in streams_groups.ts and
 * streams_claim.ts, XINFO is in streams_info.ts. The options of trimming, which XADD and XTRIM share, are read in
 * stream_trim_args.ts.
 */

import type { NodeLimits } from "../types/stream.ts";
import { IdForm, IdList, parseId, StreamId } from "../types/stream_id.ts";
import { trimStream } from "../types/stream_trim.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NO_SUCH_KEY, SYNTAX, wrongArity } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow } from "./row.ts";
import {
  addStream,
  announce,
  INVALID_ID,
  isCharacter,
  rangeEnd,
  rangeStart,
  readStream,
  replyId,
  replyRange,
  strictId,
  writeStream,
} from "./stream_args.ts";
import { parseTrim, rewriteTrimmed, settleTrim } from "./stream_trim_args.ts";

/** The rows of the stream group that are about entries, in alphabetical order. */
export const streamRows: readonly CommandRow[] = [
  {
    name: "XADD",
    arity: -5,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update", "UPDATE instead of INSERT because of the optional trimming feature")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xadd,
  },
  {
    name: "XDEL",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["stream"],
    run: xdel,
  },
  {
    name: "XLEN",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["stream"],
    run: xlen,
  },
  {
    name: "XRANGE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["stream"],
    run: xrange,
  },
  {
    name: "XREVRANGE",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["stream"],
    run: xrevrange,
  },
  {
    name: "XSETID",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["stream"],
    run: xsetid,
  },
  {
    name: "XTRIM",
    arity: -4,
    flags: ["write"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xtrim,
  },
];

const ID_ZERO = new CommandError("ERR The ID specified in XADD must be greater than 0-0");
const ID_NOT_LARGER = new CommandError(
  "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
const IDS_EXHAUSTED = new CommandError(
  "ERR The stream has exhausted the last possible ID, unable to add more items",
);
const TOO_LARGE = new CommandError("ERR Elements are too large to be stored");
const ENTRIES_ADDED_NEGATIVE = new CommandError("ERR entries_added must be positive");
const BELOW_MAX_DELETED = new CommandError(
  "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
);
const BELOW_TOP = new CommandError(
  "ERR The ID specified in XSETID is smaller than the target stream top item",
);
const BELOW_LENGTH = new CommandError(
  "ERR The entries_added specified in XSETID is smaller than the target stream length",
);

const id = new StreamId();
const other = new StreamId();
const ids = new IdList();

/** XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id field value [field value ...] */
function xadd(ctx: Context, args: Args): void {
  const options = parseTrim(args, true);
  const idAt = options.end;
  const form = idAt < args.count ? idForm(args, idAt) : IdForm.Complete;
  settleTrim(ctx, options, true);
  const fields = args.count - idAt - 1;
  if (fields < 2 || fields % 2 === 1) throw wrongArity("xadd");
  if ((form === IdForm.Complete || form === IdForm.NoSequence) && id.isZero()) throw ID_ZERO;
  const existing = writeStream(ctx, args, 1);
  if (existing === null && options.noCreate) return ctx.reply.null();
  const stream = existing ?? addStream(ctx, args, 1);
  if (stream.lastId.isMax()) throw IDS_EXHAUSTED;
  if (form === AUTO_ID) stream.nextId(ctx.store.now(), id);
  else if (form === IdForm.AutoSequence && !stream.nextSequence(id)) throw TOO_LARGE; // what 7.0.15 answers
  if (id.compare(stream.lastId) <= 0) throw ID_NOT_LARGER;
  if (!stream.append(id, args, idAt + 1, fields / 2, nodeLimits(ctx))) throw TOO_LARGE;
  replyId(ctx.reply, id);
  ctx.changed(Notify.STREAM, "xadd", args, 1);
  if (options.trims && trimStream(stream, options.rule) > 0) announce(ctx, "xtrim", args, 1);
  const isAutomatic = form === AUTO_ID || form === IdForm.AutoSequence;
  if (isAutomatic || options.rule.approximate) {
    rewriteTrimmed(ctx, args, stream, options, isAutomatic ? idAt : -1, id);
  }
}

/** `*`, as opposed to the sequence only. */
const AUTO_ID = -1;

/** Reads the ID of XADD into `id`. */
function idForm(args: Args, i: number): IdForm | typeof AUTO_ID {
  if (isCharacter(args, i, "*")) return AUTO_ID;
  const form = parseId(args.buf, args.starts[i]!, args.ends[i]!, id);
  if (form === IdForm.Invalid) throw INVALID_ID;
  return form;
}

/** XDEL key id [id ...] */
function xdel(ctx: Context, args: Args): void {
  const stream = writeStream(ctx, args, 1);
  if (stream === null) return ctx.reply.integer(0);
  ids.clear();
  for (let i = 2; i < args.count; i++) ids.add(strictId(args, i, id));
  const deleted = stream.delete(ids);
  if (deleted > 0) ctx.changed(Notify.STREAM, "xdel", args, 1, deleted);
  ctx.reply.integer(deleted);
}

/** XLEN key */
function xlen(ctx: Context, args: Args): void {
  ctx.reply.integer(readStream(ctx, args, 1)?.length ?? 0);
}

/** XRANGE key start end [COUNT count] */
function xrange(ctx: Context, args: Args): void {
  range(ctx, args, rangeStart(args, 2, id), rangeEnd(args, 3, other), false);
}

/** XREVRANGE key end start [COUNT count] */
function xrevrange(ctx: Context, args: Args): void {
  range(ctx, args, rangeStart(args, 3, id), rangeEnd(args, 2, other), true);
}

function range(ctx: Context, args: Args, from: StreamId, to: StreamId, reverse: boolean): void {
  let count = -1;
  for (let i = 4; i < args.count; i += 2) {
    if (!args.is(i, "COUNT") || i + 1 === args.count) throw SYNTAX;
    count = Math.max(0, args.integer(i + 1));
  }
  const stream = readStream(ctx, args, 1);
  if (stream === null) return ctx.reply.array(0);
  if (count === 0) return ctx.reply.nullArray();
  replyRange(ctx.reply, stream, from, to, Math.max(count, 0), reverse);
}

/** XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id] */
function xsetid(ctx: Context, args: Args): void {
  strictId(args, 2, id);
  let entriesAdded: number | bigint = -1;
  let hasMaxDeleted = false;
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count) throw SYNTAX;
    if (args.is(i, "ENTRIESADDED")) {
      entriesAdded = args.int64(i + 1);
      if (entriesAdded < 0) throw ENTRIES_ADDED_NEGATIVE;
    } else if (args.is(i, "MAXDELETEDID")) {
      hasMaxDeleted = true;
      if (id.compare(strictId(args, i + 1, other)) < 0) throw BELOW_MAX_DELETED;
    } else throw SYNTAX;
  }
  const stream = writeStream(ctx, args, 1);
  if (stream === null) throw NO_SUCH_KEY;
  if (stream.length > 0) {
    if (id.compare(stream.edgeId(true, lastEntry)) < 0) throw BELOW_TOP;
    if (entriesAdded !== -1 && stream.length > entriesAdded) throw BELOW_LENGTH;
  }
  stream.lastId.copy(id);
  if (entriesAdded !== -1) stream.entriesAdded = entriesAdded;
  if (hasMaxDeleted && !other.isZero()) stream.maxDeletedId.copy(other);
  ctx.reply.ok();
  ctx.dirty++;
  announce(ctx, "xsetid", args, 1);
}

const lastEntry = new StreamId();

/** XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count] */
function xtrim(ctx: Context, args: Args): void {
  const options = parseTrim(args, false);
  settleTrim(ctx, options, false);
  const stream = writeStream(ctx, args, 1);
  const removed = stream === null ? 0 : trimStream(stream, options.rule);
  if (stream !== null && removed > 0) {
    ctx.changed(Notify.STREAM, "xtrim", args, 1, removed);
    if (options.rule.approximate) rewriteTrimmed(ctx, args, stream, options, -1, id);
  }
  ctx.reply.integer(removed);
}

const limits = { maxBytes: 0, maxEntries: 0 };

function nodeLimits(ctx: Context): NodeLimits {
  const { config } = ctx.server;
  limits.maxBytes = config.streamNodeMaxBytes;
  limits.maxEntries = config.streamNodeMaxEntries;
  return limits;
}
