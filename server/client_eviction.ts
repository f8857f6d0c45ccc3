/**
 * Closing the most expensive clients when all of them together take too much memory (maxmemory-clients).
 *
 * Redis files clients by the power of two of their size and closes from the top; so do we, but only when the limit is
 * passed: then all clients are looked at once, which is rare, instead of refiling a client after each of its commands.
 */

import type { Client } from "./client.ts";
import { clientMemory } from "./client_info.ts";
import type { RedisServer } from "./server.ts";

/** A limit below this would close clients that do nothing at all. */
const LEAST_LIMIT = 128 * 1024;

/** Clients are told apart by powers of two from 2^15 to 2^33 bytes. */
const FIRST_BUCKET_LOG = 15;
const LAST_BUCKET_LOG = 33;

/** A range of sizes for DEBUG CLIENT-EVICTION. */
export interface ClientBucket {
  /** Clients of at least and below so many bytes; the first begins at 0, the last has no end. */
  from: number;
  below: number;
  bytes: number;
  clients: number;
}

/** Watches over maxmemory-clients. */
export class ClientEviction {
  readonly #server: RedisServer;
  /** What each client cost when it was last looked at. */
  readonly #sizes = new Map<Client, number>();
  #sum = 0;

  constructor(server: RedisServer) {
    this.#server = server;
    server.config.onApply(["maxmemory-clients", "maxmemory"], () => this.#adopt());
    this.#adopt();
  }

  /** A limit is set; asked after each batch of requests. */
  active = false;

  #adopt(): void {
    this.active = this.limit !== Infinity;
    this.#sizes.clear();
    this.#sum = 0;
    if (this.active) this.checkAll();
  }

  /** Bytes that all clients may take together. */
  get limit(): number {
    const { maxmemoryClients, maxmemory } = this.#server.config;
    if (maxmemoryClients === 0) return Infinity;
    if (maxmemoryClients > 0) return Math.max(LEAST_LIMIT, maxmemoryClients);
    if (maxmemory === 0) return Infinity;
    return Math.max(LEAST_LIMIT, Math.floor(maxmemory * -maxmemoryClients / 100));
  }

  /** This client's buffers may have changed. */
  check(client: Client): void {
    this.#note(client);
    if (this.#sum >= this.limit) this.#evict();
  }

  /** Called by the cron. */
  checkAll(): void {
    for (const client of this.#server.clients.values()) this.#note(client);
    if (this.#sum >= this.limit) this.#evict();
  }

  /** The client is gone. */
  forget(client: Client): void {
    this.#sum -= this.#sizes.get(client) ?? 0;
    this.#sizes.delete(client);
  }

  /** How clients are spread over the sizes. */
  buckets(): ClientBucket[] {
    const buckets: ClientBucket[] = [];
    for (let log = FIRST_BUCKET_LOG; log <= LAST_BUCKET_LOG; log++) {
      const from = log === FIRST_BUCKET_LOG ? 0 : 2 ** (log - 1);
      buckets.push({ from, below: log === LAST_BUCKET_LOG ? Infinity : 2 ** log, bytes: 0, clients: 0 });
    }
    for (const [client, bytes] of this.#sizes) {
      if (client.noEvict) continue;
      const bucket = buckets.find(({ below }) => bytes < below)!;
      bucket.bytes += bytes;
      bucket.clients++;
    }
    return buckets;
  }

  #note(client: Client): void {
    const before = this.#sizes.get(client) ?? 0;
    if (client.closed || !isCounted(client)) return before === 0 ? undefined : this.forget(client);
    const bytes = clientMemory(client);
    if (bytes === before) return;
    this.#sizes.set(client, bytes);
    this.#sum += bytes - before;
  }

  /** Closes clients, the largest first, until the others are within the limit. */
  #evict(): void {
    const { clients, log, stats } = this.#server;
    for (const client of clients.values()) this.#note(client);
    const limit = this.limit;
    const bySize = [...this.#sizes].sort((a, b) => b[1] - a[1]);
    for (const [client] of bySize) {
      if (this.#sum < limit) return;
      if (client.noEvict) continue;
      log.notice(`Evicting client: id=${client.id} addr=${client.transport?.peer ?? ""}`);
      this.forget(client);
      stats.evictedClients++;
      client.transport?.destroy();
    }
    if (this.#sum >= limit) log.warning("Over client maxmemory after evicting all evictable clients");
  }
}

/** Links to other servers are not counted. Those who asked to be spared (CLIENT NO-EVICT) are: the others make room for them. */
function isCounted(client: Client): boolean {
  return client.transport !== null && !client.replica && !client.primary;
}
