/** A client in words: the line of CLIENT LIST and CLIENT INFO, and the class that limits and filters go by. */

import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** The classes of clients, as CLIENT LIST TYPE and client-output-buffer-limit name them. */
export type ClientType = "normal" | "replica" | "pubsub" | "master";

/**
 * Pending output up to this is what redis-server keeps in a client's fixed buffer (rbs, rbp, obl); what is above it in a
 * list of blocks of that size (oll, omem), and only that counts for client-output-buffer-limit. Here both are one buffer.
 */
export const FIXED_OUTPUT_BYTES = 16 * 1024;

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

/** What a watched key, a subscription and a prefix of client-side caching take besides their names, about. */
const NAME_OVERHEAD = 100;

/** Bytes that a client takes: its buffers, its transaction, what it watches and listens to, itself. */
export function clientMemory(client: Client): number {
  const { transport, tracking } = client;
  let bytes = CLIENT_OVERHEAD + (client.transaction?.bytes ?? 0) + argumentBytes(client) +
    (transport === null ? client.reply.buf.length : transport.queryCapacity + transport.outputCapacity);
  // The names of channels are shared with the table of subscribers.
  bytes += (client.channels.size + client.patterns.size + client.shardChannels.size) * NAME_OVERHEAD;
  for (const { key } of client.watched) bytes += key.length + NAME_OVERHEAD;
  if (tracking !== null) { for (const prefix of tracking.prefixes) bytes += prefix.length + NAME_OVERHEAD; }
  return bytes;
}

/** Bytes of the arguments of a request that is being received, run or waiting. */
function argumentBytes(client: Client): number {
  const args = client.waiting?.args ?? (client.transport?.midRequest ? client.args : null);
  let bytes = 0;
  if (args !== null) { for (let i = 0; i < args.count; i++) bytes += args.ends[i]! - args.starts[i]!; }
  return bytes;
}

/** The line of a client, without its line feed. */
export function clientInfo(server: RedisServer, client: Client): string {
  const now = server.clock.wallMs();
  const { transport, transaction, tracking } = client;
  const free = transport === null ? 0 : transport.queryCapacity - transport.queryBytes;
  const pending = transport?.outputBytes ?? 0;
  const fixed = Math.min(pending, FIXED_OUTPUT_BYTES);
  const fields: [string, string | number][] = [
    ["id", client.id],
    ["addr", transport?.peer ?? ""],
    ["laddr", transport?.local ?? ""],
    ["fd", transport?.fd ?? -1],
    ["name", client.name],
    ["age", Math.floor((now - client.created) / 1000)],
    ["idle", Math.floor(Math.max(0, now - client.lastInteraction) / 1000)],
    ["flags", flagsOf(client)],
    ["db", client.db.index],
    ["sub", client.channels.size],
    ["psub", client.patterns.size],
    ["ssub", client.shardChannels.size],
    ["multi", transaction === null ? -1 : transaction.queue.length],
    ["qbuf", transport?.queryBytes ?? 0],
    ["qbuf-free", Math.max(0, free)],
    ["argv-mem", argumentBytes(client)],
    ["multi-mem", transaction?.bytes ?? 0],
    ["rbs", Math.min(client.reply.buf.length, FIXED_OUTPUT_BYTES)],
    ["rbp", Math.min(transport?.outputPeak ?? 0, FIXED_OUTPUT_BYTES)],
    ["obl", fixed],
    ["oll", Math.ceil((pending - fixed) / FIXED_OUTPUT_BYTES)],
    ["omem", pending - fixed],
    ["tot-mem", clientMemory(client)],
    ["events", pending - client.reply.pos > FIXED_OUTPUT_BYTES ? "rw" : "r"],
    ["cmd", client.lastCommand?.fullName ?? "NULL"],
    ["user", client.user.name],
    ["redir", tracking === null ? -1 : tracking.redirect],
    ["resp", client.reply.protocol],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
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
