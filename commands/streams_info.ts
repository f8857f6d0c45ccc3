/** XINFO: what a stream, its groups and their consumers look like from inside. */

import type { Reply } from "../resp.ts";
import { IdCursor, type IdTable } from "../types/id_table.ts";
import type { Stream } from "../types/stream.ts";
import { type Consumer, type ConsumerGroup, UNKNOWN_ENTRIES_READ } from "../types/stream_groups.ts";
import { MAX_ID, MIN_ID, StreamId } from "../types/stream_id.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { NO_SUCH_KEY, subcommandSyntax } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { at, type CommandRow } from "./row.ts";
import { readStream, replyEdge, replyId, replyRange, requireGroupOf } from "./stream_args.ts";

const xinfoRows: CommandRow[] = [
  {
    name: "CONSUMERS",
    arity: 4,
    flags: ["readonly"],
    keys: [2, 2, 1],
    specs: [at(2, "RO access")],
    categories: ["stream"],
    tips: ["nondeterministic_output"],
    run: xinfoConsumers,
  },
  {
    name: "GROUPS",
    arity: 3,
    flags: ["readonly"],
    keys: [2, 2, 1],
    specs: [at(2, "RO access")],
    categories: ["stream"],
    run: xinfoGroups,
  },
  {
    name: "HELP",
    arity: 2,
    flags: ["loading", "stale"],
    keys: [0, 0, 0],
    categories: ["stream"],
    run: xinfoHelp,
  },
  {
    name: "STREAM",
    arity: -3,
    flags: ["readonly"],
    keys: [2, 2, 1],
    specs: [at(2, "RO access")],
    categories: ["stream"],
    run: xinfoStream,
  },
];

/** The row of XINFO. */
export const streamInfoRows: readonly CommandRow[] = [
  {
    name: "XINFO",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: xinfoRows,
  },
];

/** Entries, and pending entries of each group and consumer, that FULL shows unless told otherwise. */
const DEFAULT_FULL_COUNT = 10;

const id = new StreamId();
const cursor = new IdCursor();
const groupCursor = new IdCursor();

/** XINFO CONSUMERS key group */
function xinfoConsumers(ctx: Context, args: Args): void {
  const { consumers } = requireGroupOf(existingStream(ctx, args), args, 2, 3);
  const { reply } = ctx;
  const now = ctx.store.now();
  reply.array(consumers.size);
  for (let i = 0; i < consumers.size; i++) {
    const consumer = consumers.at(i);
    reply.map(3);
    reply.bulkText("name");
    reply.bulk(consumer.name);
    reply.bulkText("pending");
    reply.integer(consumer.pending.size);
    reply.bulkText("idle");
    reply.integer(Math.max(0, now - consumer.seenTime));
  }
}

/** XINFO GROUPS key */
function xinfoGroups(ctx: Context, args: Args): void {
  const stream = existingStream(ctx, args);
  const { reply } = ctx;
  reply.array(stream.groups.size);
  for (let i = 0; i < stream.groups.size; i++) {
    const group = stream.groups.at(i);
    reply.map(6);
    reply.bulkText("name");
    reply.bulk(group.name);
    reply.bulkText("consumers");
    reply.integer(group.consumers.size);
    reply.bulkText("pending");
    reply.integer(group.pending.size);
    replyProgress(reply, stream, group);
  }
}

/** XINFO HELP */
function xinfoHelp(ctx: Context): void {
  replyHelp(ctx, "XINFO", [
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
  ]);
}

/** XINFO STREAM key [FULL [COUNT count]] */
function xinfoStream(ctx: Context, args: Args): void {
  const stream = existingStream(ctx, args);
  const { reply } = ctx;
  const isFull = args.count > 3;
  let count = DEFAULT_FULL_COUNT;
  if (isFull) {
    if (!args.is(3, "FULL") || args.count > 6 || args.count === 5) {
      throw subcommandSyntax(args);
    }
    if (args.count === 6) {
      if (!args.is(4, "COUNT")) throw subcommandSyntax(args);
      count = args.integer(5);
      if (count < 0) count = DEFAULT_FULL_COUNT;
    }
  }
  reply.map(isFull ? 9 : 10);
  replyCounters(reply, stream);
  if (isFull) {
    reply.bulkText("entries");
    replyRange(reply, stream, MIN_ID, MAX_ID, count, false);
    reply.bulkText("groups");
    reply.array(stream.groups.size);
    for (let i = 0; i < stream.groups.size; i++) replyGroup(reply, stream, stream.groups.at(i), count);
  } else {
    reply.bulkText("groups");
    reply.integer(stream.groups.size);
    reply.bulkText("first-entry");
    replyEdge(reply, stream, false);
    reply.bulkText("last-entry");
    replyEdge(reply, stream, true);
  }
}

/** The seven fields that both forms of XINFO STREAM begin with. */
function replyCounters(reply: Reply, stream: Stream): void {
  reply.bulkText("length");
  reply.integer(stream.length);
  reply.bulkText("radix-tree-keys");
  reply.integer(stream.nodes.count);
  reply.bulkText("radix-tree-nodes");
  reply.integer(stream.nodes.radixNodes);
  reply.bulkText("last-generated-id");
  replyId(reply, stream.lastId);
  reply.bulkText("max-deleted-entry-id");
  replyId(reply, stream.maxDeletedId);
  reply.bulkText("entries-added");
  reply.integer(stream.entriesAdded);
  reply.bulkText("recorded-first-entry-id");
  replyId(reply, stream.firstId);
}

/** How far a group has read: three fields of XINFO GROUPS and of FULL. */
function replyProgress(reply: Reply, stream: Stream, group: ConsumerGroup): void {
  reply.bulkText("last-delivered-id");
  replyId(reply, group.lastId);
  reply.bulkText("entries-read");
  if (group.entriesRead === UNKNOWN_ENTRIES_READ) reply.null();
  else reply.integer(group.entriesRead);
  reply.bulkText("lag");
  const lag = stream.lag(group);
  if (lag === undefined) reply.null();
  else reply.integer(lag);
}

/** A group as FULL shows it, with up to `count` pending entries (0: all) of its own and of each consumer. */
function replyGroup(reply: Reply, stream: Stream, group: ConsumerGroup, count: number): void {
  reply.map(7);
  reply.bulkText("name");
  reply.bulk(group.name);
  replyProgress(reply, stream, group);
  reply.bulkText("pel-count");
  reply.integer(group.pending.size);
  reply.bulkText("pending");
  replyPending(reply, group, group.pending, count, true);
  reply.bulkText("consumers");
  reply.array(group.consumers.size);
  for (let i = 0; i < group.consumers.size; i++) replyConsumer(reply, group, group.consumers.at(i), count);
}

function replyConsumer(reply: Reply, group: ConsumerGroup, consumer: Consumer, count: number): void {
  reply.map(4);
  reply.bulkText("name");
  reply.bulk(consumer.name);
  reply.bulkText("seen-time");
  reply.integer(consumer.seenTime);
  reply.bulkText("pel-count");
  reply.integer(consumer.pending.size);
  reply.bulkText("pending");
  replyPending(reply, group, consumer.pending, count, false);
}

/** Pending entries as [ID, consumer, time of delivery, number of deliveries], the consumer only `withOwner`. */
function replyPending(
  reply: Reply,
  group: ConsumerGroup,
  table: IdTable,
  count: number,
  withOwner: boolean,
): void {
  const most = count === 0 ? table.size : Math.min(count, table.size);
  reply.array(most);
  let ok = table.seekFirst(cursor);
  for (let i = 0; ok && i < most; i++, ok = table.next(cursor)) {
    group.pending.find(cursor.readId(id), groupCursor);
    reply.array(withOwner ? 4 : 3);
    replyId(reply, id);
    if (withOwner) reply.bulk(group.owner(groupCursor).name);
    reply.integer(group.deliveryTime(groupCursor));
    reply.integer(group.deliveryCount(groupCursor));
  }
}

function existingStream(ctx: Context, args: Args): Stream {
  const stream = readStream(ctx, args, 2);
  if (stream === null) throw NO_SUCH_KEY;
  return stream;
}
