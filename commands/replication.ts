/**
 * Replication: choosing a primary, what replicas say to one, waiting for them, changing places. How it is done stands
 * in replication/ and server/replication.ts.
 */

import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, NOT_INTEGER, SYNTAX } from "./errors.ts";
import type { CommandRow } from "./row.ts";
import { millisTimeout } from "./timeout.ts";
import { splitWords } from "../types/quoting.ts";

/** The table rows, in alphabetical order. */
export const replicationRows: readonly CommandRow[] = [
  {
    name: "FAILOVER",
    arity: -1,
    flags: ["admin", "noscript", "stale"],
    keys: [0, 0, 0],
    categories: [],
    run: failover,
  },
  {
    name: "PSYNC",
    arity: -3,
    flags: ["admin", "noscript", "no_async_loading", "no_multi"],
    keys: [0, 0, 0],
    categories: [],
    run: psync,
  },
  {
    name: "REPLCONF",
    arity: -1,
    flags: ["admin", "noscript", "loading", "stale", "allow_busy"],
    keys: [0, 0, 0],
    categories: [],
    run: replconf,
  },
  {
    name: "REPLICAOF",
    arity: 3,
    flags: ["admin", "noscript", "stale", "no_async_loading"],
    keys: [0, 0, 0],
    categories: [],
    run: replicaof,
  },
  {
    name: "ROLE",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: ["admin", "dangerous"],
    run: role,
  },
  {
    name: "SLAVEOF",
    arity: 3,
    flags: ["admin", "noscript", "stale", "no_async_loading"],
    keys: [0, 0, 0],
    categories: [],
    run: replicaof,
  },
  {
    name: "SYNC",
    arity: 1,
    flags: ["admin", "noscript", "no_async_loading", "no_multi"],
    keys: [0, 0, 0],
    categories: [],
    run: sync,
  },
  {
    name: "WAIT",
    arity: 3,
    flags: ["noscript"],
    keys: [0, 0, 0],
    categories: ["connection"],
    tips: ["request_policy:all_shards", "response_policy:agg_min"],
    run: wait,
  },
];

const BAD_PORT = new CommandError("ERR Invalid master port");
const FAILING_OVER = new CommandError("ERR REPLICAOF not allowed while failing over.");
const NO_FAILOVER = new CommandError("ERR No failover in progress.");
const BAD_TIMEOUT = new CommandError("ERR FAILOVER timeout must be greater than 0");
const ALREADY = new CommandError("ERR FAILOVER already in progress.");
const NOT_A_PRIMARY = new CommandError("ERR FAILOVER is not valid when server is a replica.");
const NO_REPLICAS = new CommandError("ERR FAILOVER requires connected replicas.");
const FORCE_NEEDS = new CommandError(
  "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
);
const NOT_A_REPLICA = new CommandError("ERR FAILOVER target HOST and PORT is not a replica.");
const NOT_ONLINE = new CommandError("ERR FAILOVER target replica is not online.");
const WAIT_ON_REPLICA = new CommandError(
  "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to " +
    "be writable (which is not the default) writes to replicas are just local and are not propagated.",
);
const PENDING_OUTPUT = new CommandError("ERR SYNC and PSYNC are invalid with pending output");
const NO_LINK = new CommandError("NOMASTERLINK Can't SYNC while not connected with my master");
const NO_LINK_FAILOVER = new CommandError("NOMASTERLINK Can't SYNC while failing over");
const FILTER_WITHOUT_EOF = new CommandError("ERR Filtered replica requires EOF capability");
const SENT_TO_PRIMARY = new CommandError("ERR PSYNC FAILOVER can't be sent to a master.");
const OTHER_HISTORY = new CommandError("ERR PSYNC FAILOVER replid must match my replid.");
const BAD_FLAG = new CommandError("ERR value is out of range, value must between 0 and 1");

// -- Roles ------------------------------------------------------------------------------------------------------------

/** REPLICAOF host port | REPLICAOF NO ONE */
function replicaof(ctx: Context, args: Args): void {
  const { server, client } = ctx;
  const { replication, log } = server;
  if (replication.failover.active) throw FAILING_OVER;
  if (args.is(1, "NO") && args.is(2, "ONE")) {
    if (replication.promote()) {
      log.notice(`MASTER MODE enabled (user request from '${server.describeClient(client)}')`);
    }
    return ctx.reply.ok();
  }
  if (client.replica) {
    throw new CommandError("ERR Command is not valid when client is a replica.");
  }
  const port = args.ranged(2, 0, 65535, BAD_PORT);
  if (replication.follow({ host: args.text(1), port })) {
    log.notice(
      `REPLICAOF ${args.text(1)}:${port} enabled (user request from '${server.describeClient(client)}')`,
    );
    return ctx.reply.ok();
  }
  log.notice(
    "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.",
  );
  ctx.reply.simple("OK Already connected to specified master");
}

/** ROLE */
function role(ctx: Context): void {
  ctx.server.replication.role(ctx);
}

/** FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds] */
function failover(ctx: Context, args: Args): void {
  const { replication } = ctx.server;
  if (args.count === 2 && args.is(1, "ABORT")) {
    if (!replication.failover.active) throw NO_FAILOVER;
    replication.failover.abort("Failover manually aborted");
    return ctx.reply.ok();
  }
  const { target, force, timeout } = failoverOptions(args);
  if (replication.failover.active) throw ALREADY;
  if (replication.following) throw NOT_A_PRIMARY;
  if (replication.primary.links.size === 0) throw NO_REPLICAS;
  if (force && (timeout === 0 || target === null)) throw FORCE_NEEDS;
  if (target !== null) {
    const link = replication.failover.find(target);
    if (link === undefined) throw NOT_A_REPLICA;
    if (link.state !== "online") throw NOT_ONLINE;
  }
  ctx.reply.ok();
  replication.failover.begin({ target, force, timeoutMs: timeout });
}

function failoverOptions(args: Args) {
  let target: { host: string; port: number } | null = null;
  let force = false;
  let timeout = 0;
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, "TIMEOUT") && i + 1 < args.count && timeout === 0) {
      timeout = args.integer(++i);
      if (timeout <= 0) throw BAD_TIMEOUT;
    } else if (args.is(i, "TO") && i + 2 < args.count && target === null) {
      target = { host: args.text(i + 1), port: args.integer(i + 2) };
      i += 2;
    } else if (args.is(i, "FORCE") && !force) force = true;
    else throw SYNTAX;
  }
  return { target, force, timeout };
}

// -- What replicas say ------------------------------------------------------------------------------------------------

/** PSYNC replicationid offset [FAILOVER] */
function psync(ctx: Context, args: Args): void {
  const { client, server } = ctx;
  if (client.replica) return;
  const { replication, log } = server;
  const id = args.text(1);
  if (args.count > 3 && args.is(3, "FAILOVER")) {
    log.warning(`Failover request received for replid ${id}.`);
    if (!replication.following) throw SENT_TO_PRIMARY;
    if (id !== replication.stream.id) throw OTHER_HISTORY;
    replication.promote();
    log.notice(`MASTER MODE enabled (failover request from '${server.describeClient(client)}')`);
  }
  const link = mayBecomeReplica(ctx);
  let offset: bigint | number;
  try {
    offset = args.int64(2, NOT_INTEGER);
  } catch (error) {
    log.warning(`Replica ${link.name} asks for synchronization but with a wrong offset`);
    throw error;
  }
  replication.primary.synchronize(link, { id, offset: Number(offset) });
}

/** SYNC */
function sync(ctx: Context): void {
  if (ctx.client.replica) return;
  ctx.server.replication.primary.synchronize(mayBecomeReplica(ctx), null);
}

function mayBecomeReplica(ctx: Context) {
  const { replication, log } = ctx.server;
  if (replication.failover.active) throw NO_LINK_FAILOVER;
  if (replication.following && replication.replica.phase !== "connected") throw NO_LINK;
  if (ctx.reply.pos > 0) throw PENDING_OUTPUT;
  const link = replication.linkOf(ctx.client);
  if ((link.withoutKeys || link.withoutFunctions) && !link.understandsEof) throw FILTER_WITHOUT_EOF;
  log.notice(`Replica ${link.name} asks for synchronization`);
  return link;
}

/** REPLCONF name value ...: what a replica tells about itself, and how far it is. */
function replconf(ctx: Context, args: Args): void {
  if (args.count % 2 === 0) throw SYNTAX;
  const { replication } = ctx.server;
  const link = replication.linkOf(ctx.client);
  for (let i = 1; i < args.count; i += 2) {
    if (args.is(i, "LISTENING-PORT")) link.port = Number(BigInt.asIntN(32, BigInt(args.int64(i + 1))));
    else if (args.is(i, "IP-ADDRESS")) {
      if (args.length(i + 1) >= 46) {
        throw new CommandError(
          `ERR REPLCONF ip-address provided by replica instance is too long: ${args.length(i + 1)} bytes`,
        );
      }
      link.announcedIp = args.text(i + 1);
    } else if (args.is(i, "CAPA")) {
      if (args.is(i + 1, "EOF")) link.understandsEof = true;
      else if (args.is(i + 1, "PSYNC2")) link.understandsPsync2 = true;
    } else if (args.is(i, "ACK")) {
      // Never answered: the replica sends it among what it does not wait for.
      if (ctx.client.replica) replication.primary.acknowledge(link, Number(args.int64(i + 1)));
      return;
    } else if (args.is(i, "GETACK")) {
      if (ctx.client.primary) replication.replica.acknowledge();
      return;
    } else if (args.is(i, "RDB-ONLY")) link.rdbOnly = args.ranged(i + 1, 0, 1, NOT_INTEGER, BAD_FLAG) === 1;
    else if (args.is(i, "RDB-FILTER-ONLY")) {
      const words = splitWords(args.text(i + 1));
      if (words === undefined) throw new CommandError("ERR Missing rdb-filter-only values");
      const other = words.find((word) => word.toLowerCase() !== "functions");
      if (other !== undefined) throw new CommandError(`ERR Unsupported rdb-filter-only option: ${other}`);
      link.withoutKeys = true;
      link.withoutFunctions = words.length === 0;
    } else throw new CommandError(`ERR Unrecognized REPLCONF option: ${args.cText(i)}`);
  }
  ctx.reply.ok();
}

// -- Waiting ----------------------------------------------------------------------------------------------------------

/** WAIT numreplicas timeout */
function wait(ctx: Context, args: Args): Block | void {
  const { replication } = ctx.server;
  if (replication.following) throw WAIT_ON_REPLICA;
  const replicas = args.integer(1);
  return replication.wait(ctx, replicas, millisTimeout(args, 2));
}
