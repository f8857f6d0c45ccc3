/** A client in words: the line of CLIENT LIST and CLIENT INFO, and the class that limits and filters go by. */

import type { Client } from "./client.ts";
import { FIXED_OUTPUT_BYTES } from "./reply_room.ts";
import type { RedisServer } from "./server.ts";

/** The classes of clients, as CLIENT LIST TYPE and client-output-buffer-limit name them. */
export type ClientType = "normal" | "replica" | "pubsub" | "master";

/**
 * A query buffer of redis-server after the first read, and the seconds without a request after which it is given up. The
 * buffers here begin smaller, are larger under pipelines, and never grow for a length that was only declared; qbuf-free is
 * what redis-server would have, tot-mem what is.
 */
const QUERY_BUFFER = 20474;
const QUERY_HEAD_BYTES = 6;
const QUERY_IDLE_SECONDS = 2;

/** JavaScript objects of one client, about. */
const CLIENT_OVERHEAD = 2048;

/** The class of a client. */
export function clientType(client: Client): ClientType {
  if (client.primary) return "master";
  if (client.replica && !client.monitor) return "replica";
  return client.subscribed ? "pubsub" : "normal";
}

/** The class that a word names, undefined for an unknown one. */
export function parseClientType(word: string): ClientType | undefined {
  const lower = word.toLowerCase();
  if (lower === "slave") return "replica";
  return lower === "normal" || lower === "replica" || lower === "pubsub" || lower === "master"
    ? lower
    : undefined;
}

/**
 * What redis-server reckons for a watched key, for a subscription, for a slot of the table of subscriptions and for a node
 * of the tree of prefixes of client-side caching, one for each and one more. Names are not in it: those of keys and
 * channels belong to tables that all clients share.
 */
const WATCH_BYTES = 56;
const SUBSCRIPTION_BYTES = 24;
const SLOT_BYTES = 8;
const PREFIX_BYTES = 32;
/** And for one command of a transaction; room for these is made by twos. */
const QUEUED_BYTES = 24;

/** Bytes that a client takes: its buffers, its transaction, what it watches and listens to, itself. */
export function clientMemory(client: Client): number {
  const { transport, tracking } = client;
  // The arguments of a request that is being received or run lie in the buffer that it came in.
  let bytes = CLIENT_OVERHEAD + (client.transaction?.bytes ?? 0) +
    (client.waiting === null && client.postponed === null ? 0 : argumentBytes(client)) +
    (transport === null ? client.out.buf.length : transport.queryCapacity + transport.outputCapacity);
  bytes += tableBytes(client.channels.size) + tableBytes(client.shardChannels.size);
  bytes += client.patterns.size * SUBSCRIPTION_BYTES + client.watched.length * WATCH_BYTES;
  if (client.transaction !== null) bytes += roomFor(client.transaction.queue.length, 2) * QUEUED_BYTES;
  if (tracking !== null && tracking.prefixes.size > 0) bytes += (tracking.prefixes.size + 1) * PREFIX_BYTES;
  return bytes;
}

/** A table of so many subscriptions. */
function tableBytes(count: number): number {
  return count * SUBSCRIPTION_BYTES + roomFor(count, 4) * SLOT_BYTES;
}

/** Room that has grown by doubling from `least`; none for nothing. */
function roomFor(count: number, least: number): number {
  if (count === 0) return 0;
  let room = least;
  while (room < count) room *= 2;
  return room;
}

/** Bytes of the arguments of a request that is being received, run or waiting. */
function argumentBytes(client: Client): number {
  const args = client.waiting?.args ?? client.postponed ??
    (client.transport?.midRequest ? client.args : null);
  let bytes = 0;
  if (args !== null) { for (let i = 0; i < args.count; i++) bytes += args.ends[i]! - args.starts[i]!; }
  return bytes;
}

/** The line of a client, without its line feed. */
export function clientInfo(server: RedisServer, client: Client): string {
  const now = server.clock.wallMs();
  const { transport, transaction, tracking } = client;
  const idle = Math.floor(Math.max(0, now - client.lastInteraction) / 1000);
  const { link } = client;
  // What waits for a replica are blocks of the stream, which all replicas share, as in redis-server.
  const shared = server.replication.stream.backlog;
  const blocks = link === null || shared === null ? 0 : link.pendingBlocks(shared);
  const pending = blocks > 0 ? 0 : transport?.outputBytes ?? 0;
  const fixed = Math.min(pending, FIXED_OUTPUT_BYTES);
  const listed = pending - fixed + (blocks === 0 ? 0 : shared!.bytesOf(blocks));
  const fields: [string, string | number][] = [
    ["id", client.id],
    ["addr", transport?.peer ?? ""],
    ["laddr", transport?.local ?? ""],
    ["fd", transport?.fd ?? -1],
    ["name", client.name],
    ["age", Math.floor((now - client.created) / 1000)],
    ["idle", idle],
    ["flags", flagsOf(client)],
    ["db", client.db.index],
    ["sub", client.channels.size],
    ["psub", client.patterns.size],
    ["ssub", client.shardChannels.size],
    ["multi", transaction === null ? -1 : transaction.queue.length],
    ["qbuf", transport?.queryBytes ?? 0],
    ["qbuf-free", queryRoom(client, idle)],
    ["argv-mem", argumentBytes(client)],
    ["multi-mem", transaction?.bytes ?? 0],
    ["rbs", transport?.replyRoom?.size ?? FIXED_OUTPUT_BYTES],
    ["rbp", transport?.replyRoom?.peak ?? 0],
    ["obl", fixed],
    ["oll", blocks > 0 ? blocks : Math.ceil(listed / FIXED_OUTPUT_BYTES)],
    ["omem", listed],
    ["tot-mem", clientMemory(client) + (blocks > 0 ? listed : 0)],
    ["events", link?.hasOutput === true || pending - client.out.pos > FIXED_OUTPUT_BYTES ? "rw" : "r"],
    ["cmd", client.lastCommand?.fullName ?? "NULL"],
    ["user", client.user.name],
    ["redir", tracking === null ? -1 : tracking.redirect],
    ["resp", client.out.protocol],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
}

/** Bytes that redis-server would have set aside for requests of a client: its query buffer, with the head of that. */
export function queryMemory(client: Client, nowMs: number): number {
  const room = queryRoom(client, Math.floor((nowMs - client.lastInteraction) / 1000));
  return room === 0 ? 0 : room + client.transport!.queryBytes + QUERY_HEAD_BYTES;
}

/** What is free of the query buffer of a client that has asked for nothing for so many seconds. */
function queryRoom({ transport }: Client, idle: number): number {
  if (transport === null) return 0;
  const { queryBytes, queryCapacity } = transport;
  if (transport.bytesRead === 0 || idle > QUERY_IDLE_SECONDS) return 0;
  return Math.max(0, Math.max(QUERY_BUFFER, queryCapacity, transport.queryDeclared) - queryBytes);
}

function flagsOf(client: Client): string {
  let flags = "";
  if (client.monitor) flags += "O";
  else if (client.replica) flags += "S";
  if (client.primary) flags += "M";
  if (client.subscribed) flags += "P";
  if (client.transaction !== null) flags += "x";
  if (client.waiting !== null || client.postponed !== null) flags += "b";
  if (client.tracking !== null) flags += "t";
  if (client.tracking?.broken) flags += "R";
  if (client.tracking?.bcast) flags += "B";
  if (client.dirtyCas) flags += "d";
  if (client.closeAfterReply) flags += "c";
  if (client.closed) flags += "A";
  if (client.transport?.peer.startsWith("/")) flags += "U";
  if (client.noEvict) flags += "e";
  return flags === "" ? "N" : flags;
}
