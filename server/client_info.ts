/** A client in words: the line of CLIENT LIST and CLIENT INFO, and the class that limits and filters go by. */

import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** The classes of clients, as CLIENT LIST TYPE and client-output-buffer-limit name them. */
export type ClientType = "normal" | "replica" | "pubsub" | "master";

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

/** Bytes that a client takes: its buffers, its transaction, itself. */
export function clientMemory(client: Client): number {
  const { transport } = client;
  return CLIENT_OVERHEAD + (client.transaction?.bytes ?? 0) +
    (transport === null ? client.reply.buf.length : transport.queryCapacity + transport.outputCapacity);
}

/** The line of a client, without its line feed. */
export function clientInfo(server: RedisServer, client: Client): string {
  const now = server.clock.wallMs();
  const { transport, transaction, tracking } = client;
  const waitingBytes = client.waiting?.args.buf.length ?? 0;
  const free = transport === null ? 0 : transport.queryCapacity - transport.queryBytes;
  const pending = transport?.outputBytes ?? 0;
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
    ["argv-mem", waitingBytes],
    ["multi-mem", transaction?.bytes ?? 0],
    ["rbs", client.reply.buf.length],
    ["rbp", transport?.outputPeak ?? 0],
    ["obl", client.reply.pos],
    ["oll", pending > client.reply.pos ? 1 : 0],
    ["omem", pending - client.reply.pos],
    ["tot-mem", clientMemory(client)],
    ["events", pending > client.reply.pos ? "rw" : "r"],
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
