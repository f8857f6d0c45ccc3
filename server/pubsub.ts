/**
 * Channels, patterns and shard channels: who listens, and the delivery of messages.
 *
 * A message is encoded once for each protocol, however many clients listen; each gets the same bytes appended to its
 * replies. Names are kept as latin1 text (one character a byte), which a Map finds faster than bytes.
 */

import { Reply } from "../resp.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import type { Client } from "./client.ts";

/** A pattern that somebody listens to. */
interface Pattern {
  bytes: Uint8Array;
  clients: Set<Client>;
}

/** One encoding of a message for each protocol, made when the first client needs it. */
class Encoded {
  readonly #parts: readonly string[];
  readonly #bytes: (Uint8Array | undefined)[] = [];

  constructor(parts: readonly string[]) {
    this.#parts = parts;
  }

  sendTo(client: Client): void {
    const { protocol } = client.out;
    client.out.raw(this.#bytes[protocol] ??= this.#encode(protocol));
    client.transport?.wakeSoon();
  }

  #encode(protocol: number): Uint8Array {
    const reply = new Reply(256);
    reply.protocol = protocol;
    reply.push(this.#parts.length);
    for (const part of this.#parts) reply.bulkText(part);
    return reply.buf.slice(0, reply.pos);
  }
}

/** All subscriptions of a server. */
export class PubSub {
  readonly channels = new Map<string, Set<Client>>();
  readonly shardChannels = new Map<string, Set<Client>>();
  readonly patterns = new Map<string, Pattern>();

  /** Delivers a message to a channel's listeners and to those of matching patterns; returns how many deliveries that was. */
  publish(channel: string, message: string): number {
    let receivers = deliver(this.channels.get(channel), ["message", channel, message]);
    if (this.patterns.size === 0) return receivers;
    const name = fromLatin1(channel);
    for (const [pattern, { bytes, clients }] of this.patterns) {
      if (!globMatch(bytes, 0, bytes.length, name, 0, name.length)) continue;
      receivers += deliver(clients, ["pmessage", pattern, channel, message]);
    }
    return receivers;
  }

  /** Delivers a message to a shard channel's listeners; returns how many there are. */
  publishShard(channel: string, message: string): number {
    return deliver(this.shardChannels.get(channel), ["smessage", channel, message]);
  }

  /** A client listens to a channel. False if it did. */
  subscribe(client: Client, channel: string): boolean {
    return join(this.channels, client.channels, client, channel);
  }

  /** A client listens to a shard channel. False if it did. */
  subscribeShard(client: Client, channel: string): boolean {
    return join(this.shardChannels, client.shardChannels, client, channel);
  }

  /** A client listens to all channels that match a pattern. False if it did. */
  subscribePattern(client: Client, pattern: string): boolean {
    if (client.patterns.has(pattern)) return false;
    client.patterns.add(pattern);
    let entry = this.patterns.get(pattern);
    if (entry === undefined) {
      entry = { bytes: fromLatin1(pattern), clients: new Set() };
      this.patterns.set(pattern, entry);
    }
    entry.clients.add(client);
    return true;
  }

  /** The reverse of {@link subscribe}. */
  unsubscribe(client: Client, channel: string): boolean {
    return leave(this.channels, client.channels, client, channel);
  }

  /** The reverse of {@link subscribeShard}. */
  unsubscribeShard(client: Client, channel: string): boolean {
    return leave(this.shardChannels, client.shardChannels, client, channel);
  }

  /** The reverse of {@link subscribePattern}. */
  unsubscribePattern(client: Client, pattern: string): boolean {
    if (!client.patterns.delete(pattern)) return false;
    const { clients } = this.patterns.get(pattern)!;
    clients.delete(client);
    if (clients.size === 0) this.patterns.delete(pattern);
    return true;
  }

  /** A client is gone or was reset: it listens to nothing, and is not told so. */
  unsubscribeAll(client: Client): void {
    for (const channel of client.channels) this.unsubscribe(client, channel);
    for (const channel of client.shardChannels) this.unsubscribeShard(client, channel);
    for (const pattern of client.patterns) this.unsubscribePattern(client, pattern);
  }
}

function deliver(clients: Set<Client> | undefined, parts: readonly string[]): number {
  if (clients === undefined) return 0;
  const encoded = new Encoded(parts);
  for (const client of clients) encoded.sendTo(client);
  return clients.size;
}

function join(all: Map<string, Set<Client>>, own: Set<string>, client: Client, channel: string): boolean {
  if (own.has(channel)) return false;
  own.add(channel);
  let clients = all.get(channel);
  if (clients === undefined) all.set(channel, clients = new Set());
  clients.add(client);
  return true;
}

function leave(all: Map<string, Set<Client>>, own: Set<string>, client: Client, channel: string): boolean {
  if (!own.delete(channel)) return false;
  const clients = all.get(channel)!;
  clients.delete(client);
  if (clients.size === 0) all.delete(channel);
  return true;
}
