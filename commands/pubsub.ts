/** Publishing and subscribing. Who listens is kept in server/pubsub.ts; here are the replies. */

import { globMatch } from "../types/glob.ts";
import { fromLatin1 } from "../types/bytes.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { subcommandSyntax } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { at, type CommandRow, range } from "./row.ts";

/** The table rows of the pubsub group, in alphabetical order. */
export const pubsubRows: readonly CommandRow[] = [
  {
    name: "PSUBSCRIBE",
    arity: -2,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [0, 0, 0],
    categories: [],
    run: psubscribe,
  },
  {
    name: "PUBLISH",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: [],
    run: publish,
  },
  {
    name: "PUBSUB",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: [
      {
        name: "CHANNELS",
        arity: -2,
        flags: ["pubsub", "loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubChannels,
      },
      {
        name: "HELP",
        arity: 2,
        flags: ["loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubHelp,
      },
      {
        name: "NUMPAT",
        arity: 2,
        flags: ["pubsub", "loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubNumpat,
      },
      {
        name: "NUMSUB",
        arity: -2,
        flags: ["pubsub", "loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubNumsub,
      },
      {
        name: "SHARDCHANNELS",
        arity: -2,
        flags: ["pubsub", "loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubShardchannels,
      },
      {
        name: "SHARDNUMSUB",
        arity: -2,
        flags: ["pubsub", "loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: pubsubShardnumsub,
      },
    ],
  },
  {
    name: "PUNSUBSCRIBE",
    arity: -1,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [0, 0, 0],
    categories: [],
    run: punsubscribe,
  },
  {
    name: "SPUBLISH",
    arity: 3,
    flags: ["pubsub", "loading", "stale", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "not_key")],
    categories: [],
    run: spublish,
  },
  {
    name: "SSUBSCRIBE",
    arity: -2,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "not_key")],
    categories: [],
    run: ssubscribe,
  },
  {
    name: "SUBSCRIBE",
    arity: -2,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [0, 0, 0],
    categories: [],
    run: subscribe,
  },
  {
    name: "SUNSUBSCRIBE",
    arity: -1,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "not_key")],
    categories: [],
    run: sunsubscribe,
  },
  {
    name: "UNSUBSCRIBE",
    arity: -1,
    flags: ["pubsub", "noscript", "loading", "stale"],
    keys: [0, 0, 0],
    categories: [],
    run: unsubscribe,
  },
];

// -- Publishing ---------------------------------------------------------------------------------------------------

function publish(ctx: Context, args: Args): void {
  const receivers = ctx.server.pubsub.publish(args.text(1), args.text(2));
  ctx.replicateAnyway();
  ctx.reply.integer(receivers);
}

function spublish(ctx: Context, args: Args): void {
  const receivers = ctx.server.pubsub.publishShard(args.text(1), args.text(2));
  ctx.replicateAnyway();
  ctx.reply.integer(receivers);
}

// -- Subscribing: one push for each name, with the number of subscriptions after it ---------------------------------

function subscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (let i = 1; i < args.count; i++) {
    const name = args.text(i);
    server.pubsub.subscribe(client, name);
    confirm(ctx, "subscribe", name, client.channels.size + client.patterns.size);
  }
}

function psubscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (let i = 1; i < args.count; i++) {
    const name = args.text(i);
    server.pubsub.subscribePattern(client, name);
    confirm(ctx, "psubscribe", name, client.channels.size + client.patterns.size);
  }
}

function ssubscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (let i = 1; i < args.count; i++) {
    const name = args.text(i);
    server.pubsub.subscribeShard(client, name);
    confirm(ctx, "ssubscribe", name, client.shardChannels.size);
  }
}

function unsubscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (const name of namesToLeave(args, client.channels)) {
    if (name !== null) server.pubsub.unsubscribe(client, name);
    confirm(ctx, "unsubscribe", name, client.channels.size + client.patterns.size);
  }
}

function punsubscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (const name of namesToLeave(args, client.patterns)) {
    if (name !== null) server.pubsub.unsubscribePattern(client, name);
    confirm(ctx, "punsubscribe", name, client.channels.size + client.patterns.size);
  }
}

function sunsubscribe(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  for (const name of namesToLeave(args, client.shardChannels)) {
    if (name !== null) server.pubsub.unsubscribeShard(client, name);
    confirm(ctx, "sunsubscribe", name, client.shardChannels.size);
  }
}

/** The names given, else all that the client has, else a lone null that is confirmed all the same. */
function namesToLeave(args: Args, own: ReadonlySet<string>): (string | null)[] {
  if (args.count === 1) return own.size > 0 ? [...own] : [null];
  const names: string[] = [];
  for (let i = 1; i < args.count; i++) names.push(args.text(i));
  return names;
}

function confirm({ client: { out } }: Context, what: string, name: string | null, count: number): void {
  out.push(3);
  out.bulkText(what);
  if (name === null) out.null();
  else out.bulkText(name);
  out.integer(count);
}

// -- PUBSUB -------------------------------------------------------------------------------------------------------

function pubsubChannels(ctx: Context, args: Args): void {
  replyNames(ctx, args, ctx.server.pubsub.channels.keys());
}

function pubsubShardchannels(ctx: Context, args: Args): void {
  replyNames(ctx, args, ctx.server.pubsub.shardChannels.keys());
}

/** The names that match the pattern in argument 2, or all. */
function replyNames(ctx: Context, args: Args, names: Iterable<string>): void {
  if (args.count > 3) throw subcommandSyntax(args);
  const mark = ctx.reply.defer();
  let count = 0;
  for (const name of names) {
    const bytes = fromLatin1(name);
    if (args.count === 3 && !globMatch(args.buf, args.starts[2]!, args.ends[2]!, bytes, 0, bytes.length)) {
      continue;
    }
    ctx.reply.bulk(bytes);
    count++;
  }
  ctx.reply.endArray(mark, count);
}

function pubsubNumsub(ctx: Context, args: Args): void {
  replyCounts(ctx, args, ctx.server.pubsub.channels);
}

function pubsubShardnumsub(ctx: Context, args: Args): void {
  replyCounts(ctx, args, ctx.server.pubsub.shardChannels);
}

function replyCounts(ctx: Context, args: Args, channels: ReadonlyMap<string, ReadonlySet<unknown>>): void {
  ctx.reply.array((args.count - 2) * 2);
  for (let i = 2; i < args.count; i++) {
    ctx.reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
    ctx.reply.integer(channels.get(args.text(i))?.size ?? 0);
  }
}

function pubsubNumpat(ctx: Context): void {
  ctx.reply.integer(ctx.server.pubsub.patterns.size);
}

function pubsubHelp(ctx: Context): void {
  replyHelp(ctx, "PUBSUB", [
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
  ]);
}
