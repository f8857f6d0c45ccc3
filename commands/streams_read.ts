/**
 * XREAD and XREADGROUP: reading what is new in streams, and waiting for it.
 *
 * A reader that waits remembers for each stream what it has seen and how the stream stood then. When one of its keys
 * is touched the command runs again for that key alone: a deletion or a trim is no news, an entry added since is, and
 * a group that has gone is an error. Several readers of one key all get the news, members of one group in turn.
 */

import { IdCursor } from "../types/id_table.ts";
import { Kind } from "../types/kind.ts";
import type { Stream } from "../types/stream.ts";
import type { Consumer, ConsumerGroup } from "../types/stream_groups.ts";
import { MAX_ID, MIN_ID, StreamId } from "../types/stream_id.ts";
import { StreamReader } from "../types/stream_reader.ts";
import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, NOT_INTEGER, SYNTAX, TIMEOUT_NEGATIVE } from "./errors.ts";
import { type CommandRow, halfAfter } from "./row.ts";
import {
  findGroup,
  isCharacter,
  preserve,
  readStream,
  replyEntry,
  replyEntryOf,
  replyId,
  strictId,
} from "./stream_args.ts";
import { consumerFor, propagateClaim, propagateGroupId } from "./stream_group_effects.ts";

/** The rows of the stream group that read what is new. */
export const streamReadRows: readonly CommandRow[] = [
  {
    name: "XREAD",
    arity: -4,
    flags: ["readonly", "blocking", "movablekeys"],
    keys: [0, 0, 0],
    specs: [halfAfter("STREAMS", 1, "RO access")],
    categories: ["stream"],
    run: xread,
  },
  {
    name: "XREADGROUP",
    arity: -7,
    flags: ["write", "blocking", "movablekeys"],
    keys: [0, 0, 0],
    specs: [halfAfter("STREAMS", 4, "RO access")],
    categories: ["stream"],
    run: xreadgroup,
  },
];

const UNBALANCED = new CommandError(
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);
const GROUP_IN_XREAD = new CommandError(
  "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const NOACK_IN_XREAD = new CommandError(
  "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
const GROUP_MISSING = new CommandError("ERR Missing GROUP option for XREADGROUP");
const DOLLAR_IN_GROUP = new CommandError(
  "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by " +
    "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const NEW_WITHOUT_GROUP = new CommandError(
  "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const TIMEOUT_NOT_INTEGER = new CommandError("ERR timeout is not an integer or out of range");
const KEY_GONE = new CommandError("UNBLOCKED the stream key no longer exists");
const GROUP_GONE = new CommandError("NOGROUP the consumer group this client was blocked on no longer exists");

/** No BLOCK option. */
const NO_TIMEOUT = -1;

/** What the options say. */
interface ReadOptions {
  /** Entries of each stream at most; 0 for all. */
  count: number;
  /** Milliseconds, 0 for ever, NO_TIMEOUT not to wait. */
  timeout: number;
  /** Argument with the group's name, the consumer's behind it; 0 in XREAD. */
  groupAt: number;
  noAck: boolean;
  /** Argument with the first key. As many IDs follow as there are keys. */
  keysAt: number;
  keyCount: number;
}

/** One stream to read. */
class Source {
  stream: Stream | null = null;
  group: ConsumerGroup | undefined = undefined;
  /** Read what is after this ID. */
  readonly after = new StreamId();
  /** What is new to the group, as opposed to what is pending for the consumer. */
  isNews = true;

  /** Lets go of the stream, which may be deleted before the next command. */
  close(): void {
    this.stream = null;
    this.group = undefined;
  }
}

const options: ReadOptions = {
  count: 0,
  timeout: NO_TIMEOUT,
  groupAt: 0,
  noAck: false,
  keysAt: 0,
  keyCount: 0,
};
/** The streams of one command; grown as needed, kept for the next. */
const sources: Source[] = [];
const reader = new StreamReader();
const scratch = new StreamId();
const cursor = new IdCursor();
const pendingCursor = new IdCursor();

/** XREAD [COUNT count] [BLOCK ms] STREAMS key [key ...] id [id ...] */
function xread(ctx: Context, args: Args): void | Block {
  return read(ctx, args, false);
}

/** XREADGROUP GROUP group consumer [COUNT count] [BLOCK ms] [NOACK] STREAMS key [key ...] id [id ...] */
function xreadgroup(ctx: Context, args: Args): void | Block {
  return read(ctx, args, true);
}

function read(ctx: Context, args: Args, isGroup: boolean): void | Block {
  parseOptions(ctx, args, isGroup);
  const waiting = ctx.resumed ? ctx.client.waiting?.block : undefined;
  try {
    return waiting instanceof StreamWait ? resume(ctx, args, waiting) : readAll(ctx, args, isGroup);
  } finally {
    for (let i = 0; i < options.keyCount; i++) sources[i]?.close();
  }
}

function readAll(ctx: Context, args: Args, isGroup: boolean): void | Block {
  const { keyCount } = options;
  for (let i = 0; i < keyCount; i++) prepare(ctx, args, i, sources[i] ??= new Source());
  const reply = ctx.reply;
  const mark = reply.defer();
  let served = 0;
  for (let i = 0; i < keyCount; i++) {
    const source = sources[i]!;
    readStream(ctx, args, options.keysAt + i); // the second look-up that redis-server's statistics count
    if (source.stream === null || !hasNews(source)) continue;
    serve(ctx, args, i, source);
    served++;
  }
  if (isGroup) ctx.preventPropagation();
  if (served > 0) {
    if (reply.protocol < 3) reply.endArray(mark, served);
    else reply.endMap(mark, served);
  } else if (options.timeout === NO_TIMEOUT || !ctx.mayBlock) reply.nullArray();
  else return new StreamWait(args, options, sources);
}

/** A script that asks to wait; other commands that would wait answer as if their time had run out. */
function blockInScript(args: Args): CommandError {
  return new CommandError(
    `ERR ${args.cText(0)} command is not allowed with BLOCK option from scripts`,
  );
}

/** Reads everything but keys and IDs. */
function parseOptions(ctx: Context, args: Args, isGroup: boolean): void {
  options.count = options.groupAt = options.keysAt = 0;
  options.timeout = NO_TIMEOUT;
  options.noAck = false;
  const last = args.count - 1;
  for (let i = 1; i <= last && options.keysAt === 0; i++) {
    if (i < last && args.is(i, "BLOCK")) {
      if (ctx.client.caller !== null) throw blockInScript(args);
      options.timeout = args.integer(++i, TIMEOUT_NOT_INTEGER);
      if (options.timeout < 0) throw TIMEOUT_NEGATIVE;
    } else if (i < last && args.is(i, "COUNT")) {
      options.count = Math.max(0, args.integer(++i, NOT_INTEGER));
    } else if (i < last && args.is(i, "STREAMS")) {
      options.keysAt = i + 1;
      if ((last - i) % 2 !== 0) throw UNBALANCED;
      options.keyCount = (last - i) / 2;
    } else if (i + 1 < last && args.is(i, "GROUP")) {
      if (!isGroup) throw GROUP_IN_XREAD;
      options.groupAt = i + 1;
      i += 2;
    } else if (args.is(i, "NOACK")) {
      if (!isGroup) throw NOACK_IN_XREAD;
      options.noAck = true;
    } else throw SYNTAX;
  }
  if (options.keysAt === 0) throw SYNTAX;
  if (isGroup && options.groupAt === 0) throw GROUP_MISSING;
}

/** Looks up stream and group number `i` and finds out where reading begins. */
function prepare(ctx: Context, args: Args, i: number, source: Source): void {
  const key = options.keysAt + i;
  const idAt = key + options.keyCount;
  const stream = source.stream = readStream(ctx, args, key);
  source.group = undefined;
  source.isNews = true;
  if (options.groupAt > 0) {
    const group = source.group = stream === null ? undefined : findGroup(stream, args, options.groupAt);
    if (group === undefined) throw noGroup(args, key);
    preserve(ctx, args, key);
  }
  if (isCharacter(args, idAt, "$")) {
    if (source.group !== undefined) throw DOLLAR_IN_GROUP;
    source.after.copy(stream === null ? MIN_ID : stream.lastId);
  } else if (isCharacter(args, idAt, ">")) {
    if (source.group === undefined) throw NEW_WITHOUT_GROUP;
  } else {
    strictId(args, idAt, source.after);
    // redis-server writes `>` as the largest ID, so asking for what is after it means the same.
    if (source.group !== undefined) source.isNews = source.after.isMax();
  }
}

function noGroup(args: Args, key: number): CommandError {
  const group = args.cText(options.groupAt);
  return new CommandError(
    `NOGROUP No such key '${args.cText(key)}' or consumer group '${group}' in XREADGROUP with GROUP option`,
  );
}

/** Whether there is something to reply at once. A consumer's history is always replied, be it empty. */
function hasNews({ stream, group, after, isNews }: Source): boolean {
  if (!isNews) return true;
  const from = group === undefined ? after : group.lastId; // as it is now: the same key may have been served before
  return stream!.length > 0 && stream!.lastId.compare(from) > 0 &&
    stream!.edgeId(true, scratch).compare(from) > 0;
}

/** Writes key and entries of stream number `i`. */
function serve(ctx: Context, args: Args, i: number, source: Source): void {
  const { reply } = ctx;
  const key = options.keysAt + i;
  if (reply.protocol < 3) reply.array(2);
  reply.bulk(args.buf, args.starts[key]!, args.ends[key]!);
  const stream = source.stream!, group = source.group;
  const mark = reply.defer();
  let written: number;
  if (group === undefined) {
    written = replyNews(ctx, stream, source.after);
  } else {
    const consumer = consumerFor(ctx, args, key, group, options.groupAt + 1, options.noAck);
    written = source.isNews
      ? deliverNews(ctx, args, key, stream, group, consumer)
      : replyHistory(ctx, stream, group, consumer, source.after);
    ctx.dirty++;
  }
  reply.endArray(mark, written);
}

function replyNews(ctx: Context, stream: Stream, after: StreamId): number {
  scratch.copy(after).increment();
  reader.start(stream.nodes, scratch, MAX_ID, false);
  let written = 0;
  while (reader.next()) {
    replyEntry(ctx.reply, reader);
    if (++written === options.count) break;
  }
  reader.close();
  return written;
}

/** Hands the entries after the group's last one to a consumer. */
function deliverNews(
  ctx: Context,
  args: Args,
  key: number,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
): number {
  const now = ctx.store.now();
  scratch.copy(group.lastId).increment();
  reader.start(stream.nodes, scratch, MAX_ID, false);
  let written = 0;
  while (reader.next()) {
    stream.advanceGroup(group, reader.id);
    replyEntry(ctx.reply, reader);
    if (!options.noAck) {
      group.deliver(reader.id, consumer, now, cursor);
      propagateClaim(ctx, args, key, group, reader.id, cursor);
    }
    if (++written === options.count) break;
  }
  reader.close();
  if (options.noAck) propagateGroupId(ctx, args, key, group);
  return written;
}

/** What is pending for a consumer. An entry that was deleted in the meantime shows as its ID and null. */
function replyHistory(
  ctx: Context,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
  after: StreamId,
): number {
  const { reply } = ctx;
  const now = ctx.store.now();
  scratch.copy(after).increment();
  let written = 0;
  for (
    let ok = consumer.pending.seek(scratch, pendingCursor);
    ok;
    ok = consumer.pending.next(pendingCursor)
  ) {
    pendingCursor.readId(scratch);
    if (replyEntryOf(reply, stream, scratch)) {
      group.pending.find(scratch, cursor);
      group.setDeliveryTime(cursor, now);
      group.countDelivery(cursor);
    } else {
      reply.array(2);
      replyId(reply, scratch);
      reply.nullArray();
    }
    if (++written === options.count) break;
  }
  return written;
}

// -- Waiting --------------------------------------------------------------------------------------------------------

/** How a stream stood when its reader looked at it last. */
interface Seen {
  after: StreamId;
  stream: number;
  events: number;
}

/** What a reader waits for. Knows streams by number, so as not to keep a deleted one in memory. */
class StreamWait implements Block {
  readonly keys: Uint8Array[] = [];
  readonly timeout: number;
  readonly reason = "stream";
  readonly shared = true;
  readonly wakes: (kind: number | undefined) => boolean;
  /** By position of the key in the command. */
  readonly seen: Seen[] = [];

  constructor(args: Args, { timeout, groupAt, keysAt, keyCount }: ReadOptions, from: readonly Source[]) {
    this.timeout = timeout;
    // Whoever reads for a group is told when its key goes or becomes something else; others go on waiting.
    this.wakes = groupAt > 0 ? () => true : (kind) => kind === Kind.STREAM;
    for (let i = 0; i < keyCount; i++) {
      const { after, stream } = from[i]!;
      this.keys.push(args.bytes(keysAt + i));
      this.seen.push({
        after: after.clone(),
        stream: stream?.serial ?? 0,
        events: stream?.events ?? 0,
      });
    }
  }

  expired(ctx: Context): void {
    ctx.reply.nullArray();
  }
}

/** Runs a waiting reader's command for the key that may be ready. */
function resume(ctx: Context, args: Args, wait: StreamWait): void | Block {
  const i = indexOfReadyKey(ctx, args);
  if (i < 0) return wait;
  const isGroup = options.groupAt > 0;
  const source = sources[i] ??= new Source();
  const key = options.keysAt + i;
  const addr = ctx.write(args, key);
  const stream = addr !== 0 && ctx.db.kind(addr) === Kind.STREAM ? ctx.db.object<Stream>(addr) : null;
  if (stream === null) {
    if (isGroup) throw KEY_GONE;
    return wait;
  }
  const group = isGroup ? findGroup(stream, args, options.groupAt) : undefined;
  if (isGroup && group === undefined) throw GROUP_GONE;
  const seen = wait.seen[i]!;
  const isSame = seen.stream === stream.serial && seen.events === stream.events;
  seen.stream = stream.serial;
  seen.events = stream.events;
  const after = group === undefined ? seen.after : group.lastId;
  if (isSame || stream.lastId.compare(after) <= 0) return wait;
  source.stream = stream;
  source.group = group;
  source.after.copy(after);
  source.isNews = true;
  const mark = ctx.reply.defer();
  serve(ctx, args, i, source);
  if (ctx.reply.protocol < 3) ctx.reply.endArray(mark, 1);
  else ctx.reply.endMap(mark, 1);
  if (isGroup) ctx.preventPropagation();
}

/** Position among the command's keys of the one for which it was woken, -1 where it is none of them. */
function indexOfReadyKey(ctx: Context, args: Args): number {
  for (let i = 0; i < options.keyCount; i++) if (ctx.mayTakeFrom(args, options.keysAt + i)) return i;
  return -1;
}
