/**
 * Consumer groups: making and removing them, acknowledging entries, and asking what is pending.
 *
 * Reading for a group is in streams_read.ts, taking over entries of other consumers in streams_claim.ts.
 */

import { IdCursor } from "../types/id_table.ts";
import type { Stream } from "../types/stream.ts";
import { type Consumer, type ConsumerGroup, UNKNOWN_ENTRIES_READ } from "../types/stream_groups.ts";
import { IdList, MIN_ID, StreamId } from "../types/stream_id.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, subcommandSyntax, SYNTAX } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { at, type CommandRow } from "./row.ts";
import {
  addStream,
  announce,
  claimStream,
  findGroup,
  isCharacter,
  looseId,
  rangeEnd,
  rangeStart,
  readStream,
  replyId,
  requireGroup,
  requireGroupOf,
  strictId,
  writeStream,
} from "./stream_args.ts";
import { createConsumer } from "./stream_group_effects.ts";

const xgroupRows: CommandRow[] = [
  {
    name: "CREATE",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [2, 2, 1],
    specs: [at(2, "RW insert")],
    categories: ["stream"],
    run: xgroupCreate,
  },
  {
    name: "CREATECONSUMER",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [2, 2, 1],
    specs: [at(2, "RW insert")],
    categories: ["stream"],
    run: xgroupCreateconsumer,
  },
  {
    name: "DELCONSUMER",
    arity: 5,
    flags: ["write"],
    keys: [2, 2, 1],
    specs: [at(2, "RW delete")],
    categories: ["stream"],
    run: xgroupDelconsumer,
  },
  {
    name: "DESTROY",
    arity: 4,
    flags: ["write"],
    keys: [2, 2, 1],
    specs: [at(2, "RW delete")],
    categories: ["stream"],
    run: xgroupDestroy,
  },
  {
    name: "HELP",
    arity: 2,
    flags: ["loading", "stale"],
    keys: [0, 0, 0],
    categories: ["stream"],
    run: xgroupHelp,
  },
  {
    name: "SETID",
    arity: -5,
    flags: ["write"],
    keys: [2, 2, 1],
    specs: [at(2, "RW update")],
    categories: ["stream"],
    run: xgroupSetid,
  },
];

/** The rows of the stream group that are about consumer groups, in alphabetical order. */
export const streamGroupRows: readonly CommandRow[] = [
  {
    name: "XACK",
    arity: -4,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["stream"],
    run: xack,
  },
  {
    name: "XGROUP",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: xgroupRows,
  },
  {
    name: "XPENDING",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xpending,
  },
];

const KEY_REQUIRED = new CommandError(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM " +
    "option to create an empty stream automatically.",
);
const GROUP_EXISTS = new CommandError("BUSYGROUP Consumer Group name already exists");
const ENTRIES_READ_NEGATIVE = new CommandError("ERR value for ENTRIESREAD must be positive or -1");

const id = new StreamId();
const ids = new IdList();
const first = new StreamId();
const last = new StreamId();
const cursor = new IdCursor();
const consumerCursor = new IdCursor();

// -- XGROUP ---------------------------------------------------------------------------------------------------------

/** XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD entries-read] */
function xgroupCreate(ctx: Context, args: Args): void {
  const { makeStream, entriesRead } = groupOptions(args, true);
  const existing = writeStream(ctx, args, 2);
  if (existing === null && !makeStream) throw KEY_REQUIRED;
  if (args.count > 8) throw subcommandSyntax(args);
  if (isCharacter(args, 4, "$")) id.copy(existing === null ? MIN_ID : existing.lastId);
  else strictId(args, 4, id);
  const stream = existing ?? addStream(ctx, args, 2);
  if (existing === null) ctx.touch(args.buf, args.starts[2]!, args.ends[2]!);
  if (stream.createGroup(args.bytes(3), id, entriesRead) === undefined) throw GROUP_EXISTS;
  ctx.reply.ok();
  ctx.dirty++;
  announce(ctx, "xgroup-create", args, 2);
}

/** XGROUP CREATECONSUMER key group consumer */
function xgroupCreateconsumer(ctx: Context, args: Args): void {
  const group = existingGroup(existingStream(ctx, args), args);
  ctx.reply.integer(createConsumer(ctx, args, 2, group, 4) === undefined ? 0 : 1);
}

/** XGROUP DELCONSUMER key group consumer */
function xgroupDelconsumer(ctx: Context, args: Args): void {
  const group = existingGroup(existingStream(ctx, args), args);
  const consumer = findConsumer(group, args, 4);
  if (consumer === undefined) return ctx.reply.integer(0);
  ctx.reply.integer(group.deleteConsumer(consumer));
  ctx.dirty++;
  announce(ctx, "xgroup-delconsumer", args, 2);
}

/** XGROUP DESTROY key group */
function xgroupDestroy(ctx: Context, args: Args): void {
  const stream = existingStream(ctx, args);
  const group = findGroup(stream, args, 3);
  if (group === undefined) return ctx.reply.integer(0);
  stream.destroyGroup(group);
  ctx.reply.integer(1);
  ctx.dirty++;
  announce(ctx, "xgroup-destroy", args, 2);
  // Not a change that WATCH sees, but who waits for news of this group has to be told.
  ctx.server.blocking.touched(ctx.db, args.buf, args.starts[2]!, args.ends[2]!);
}

/** XGROUP HELP */
function xgroupHelp(ctx: Context): void {
  replyHelp(ctx, "XGROUP", [
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
  ]);
}

/** XGROUP SETID key group id|$|-|+ [ENTRIESREAD entries-read]; only XGROUP CREATE refuses the last two. */
function xgroupSetid(ctx: Context, args: Args): void {
  const { entriesRead } = groupOptions(args, false);
  const stream = existingStream(ctx, args);
  const group = existingGroup(stream, args);
  if (args.count > 7) throw subcommandSyntax(args);
  if (isCharacter(args, 4, "$")) id.copy(stream.lastId);
  else looseId(args, 4, id);
  group.lastId.copy(id);
  group.entriesRead = entriesRead;
  ctx.reply.ok();
  ctx.dirty++;
  announce(ctx, "xgroup-setid", args, 2);
}

interface GroupOptions {
  makeStream: boolean;
  entriesRead: number | bigint;
}

/** Reads what may stand behind the ID. */
function groupOptions(args: Args, isCreate: boolean): GroupOptions {
  const options: GroupOptions = { makeStream: false, entriesRead: UNKNOWN_ENTRIES_READ };
  for (let i = 5; i < args.count; i++) {
    if (isCreate && args.is(i, "MKSTREAM")) options.makeStream = true;
    else if (args.is(i, "ENTRIESREAD") && i + 1 < args.count) {
      options.entriesRead = args.int64(++i);
      if (options.entriesRead < -1) throw ENTRIES_READ_NEGATIVE;
    } else throw subcommandSyntax(args);
  }
  return options;
}

function existingStream(ctx: Context, args: Args): Stream {
  const stream = writeStream(ctx, args, 2);
  if (stream === null) throw KEY_REQUIRED;
  return stream;
}

function existingGroup(stream: Stream, args: Args): ConsumerGroup {
  return requireGroupOf(stream, args, 2, 3);
}

function findConsumer(group: ConsumerGroup, args: Args, i: number): Consumer | undefined {
  return group.consumers.find(args.buf, args.starts[i]!, args.ends[i]!);
}

// -- Pending entries ------------------------------------------------------------------------------------------------

/** XACK key group id [id ...] */
function xack(ctx: Context, args: Args): void {
  const stream = claimStream(ctx, args, 1);
  const group = stream === null ? undefined : findGroup(stream, args, 2);
  if (group === undefined) return ctx.reply.integer(0);
  // All IDs are read before the first entry is acknowledged: a bad one leaves everything as it was.
  ids.clear();
  for (let i = 3; i < args.count; i++) ids.add(strictId(args, i, id));
  let acknowledged = 0;
  for (let i = 0; i < ids.count; i++) if (group.acknowledge(ids.at(i), cursor)) acknowledged++;
  ctx.dirty += acknowledged;
  ctx.reply.integer(acknowledged);
}

/** XPENDING key group [[IDLE min-idle] start end count [consumer]] */
function xpending(ctx: Context, args: Args): void {
  if (args.count !== 3 && (args.count < 6 || args.count > 9)) throw SYNTAX;
  if (args.count === 3) return replySummary(ctx, requireGroup(readStream(ctx, args, 1), args, 1, 2));
  let startAt = 3;
  let minIdle = 0;
  if (args.is(3, "IDLE")) {
    minIdle = args.integer(4);
    if (args.count < 8) throw SYNTAX;
    startAt = 5;
  }
  const count = args.integer(startAt + 2);
  rangeStart(args, startAt, first);
  rangeEnd(args, startAt + 1, last);
  const group = requireGroup(readStream(ctx, args, 1), args, 1, 2);
  let table = group.pending;
  if (startAt + 3 < args.count) {
    const consumer = findConsumer(group, args, startAt + 3);
    if (consumer === undefined) return ctx.reply.array(0);
    table = consumer.pending;
  }
  const now = ctx.store.now();
  const mark = ctx.reply.defer();
  let written = 0;
  for (let ok = table.seek(first, consumerCursor); ok && written < count; ok = table.next(consumerCursor)) {
    if (consumerCursor.readId(id).compare(last) > 0) break;
    group.pending.find(id, cursor);
    const idle = Math.max(0, now - group.deliveryTime(cursor));
    if (idle < minIdle) continue;
    written++;
    ctx.reply.array(4);
    replyId(ctx.reply, id);
    ctx.reply.bulk(group.owner(cursor).name);
    ctx.reply.integer(idle);
    ctx.reply.integer(group.deliveryCount(cursor));
  }
  ctx.reply.endArray(mark, written);
}

/** How many entries are pending, the first and last of them, and how many each consumer has. */
function replySummary(ctx: Context, group: ConsumerGroup): void {
  const { reply } = ctx;
  reply.array(4);
  reply.integer(group.pending.size);
  if (!group.pending.seekFirst(cursor)) {
    reply.null();
    reply.null();
    return reply.nullArray();
  }
  replyId(reply, cursor.readId(id));
  group.pending.seekLast(cursor);
  replyId(reply, cursor.readId(id));
  const mark = reply.defer();
  let written = 0;
  for (let i = 0; i < group.consumers.size; i++) {
    const consumer = group.consumers.at(i);
    if (consumer.pending.size === 0) continue;
    written++;
    reply.array(2);
    reply.bulk(consumer.name);
    reply.bulkInteger(consumer.pending.size);
  }
  reply.endArray(mark, written);
}
