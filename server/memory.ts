/**
 * How much memory the server uses, from its own books.
 *
 * `used` is what maxmemory is compared with, so it must be cheap to ask before each command, fall at once when a key
 * is deleted, and not depend on when the collector last ran. Hence it is a sum of books, not a measurement:
 *
 *   - blocks of the arenas in use and the indexes, counted at every change (types/arena.ts, types/byte_table.ts);
 *   - what objects hold outside of the arenas (blocks of lists and streams, indexes of large hashes and sets, objects
 *     of the runtime), booked when the command that changed them is over (Store.book);
 *   - clients' buffers, as of the last tick of the cron;
 *   - the append-only file's buffer, the replication backlog, what is remembered for WATCH and client-side caching, and cached scripts;
 *   - the server's own tables, a number that was measured once.
 *
 * The runtime itself (its machine code, this program in its heap, its threads, the collector's reserve) is no part of
 * it, as redis-server does not count its own code either: it is the difference to `rss`, and INFO shows it as
 * rss_overhead_bytes. Were it counted, a maxmemory of 2 MB, or of what is in use plus a little, which tests like to
 * set, would hold nothing or rise and fall with the collector.
 */

import type { Database } from "../store.ts";
import { clientMemory } from "./client_info.ts";
import type { RedisServer } from "./server.ts";
import { fixed } from "../util/fixed.ts";

/** What the memory sections of INFO and MEMORY STATS are made of. Bytes, unless it says otherwise. */
export interface MemoryReport {
  used: number;
  rss: number;
  peak: number;
  startup: number;
  /** Everything that is not keys and values: clients, indexes, buffers, the server's own tables. */
  overhead: number;
  dataset: number;
  /** Share of the dataset in what was allocated since the start, percent. */
  datasetPercent: number;
  clientsNormal: number;
  clientsReplicas: number;
  aofBuffer: number;
  keys: number;
  bytesPerKey: number;
  databases: { db: Database; main: number; expires: number }[];
  /** `used` with the free room in the chunks of the arenas. */
  active: number;
  /** All that the runtime's heap and buffers have of the system. */
  resident: number;
  /** The runtime's heap with its reserve, what of it is in use (garbage included), and buffers outside of it. */
  heapTotal: number;
  heapUsed: number;
  external: number;
}

/**
 * What a server without data and clients holds: its command table, settings, users, empty databases. Measured with Deno
 * 2.9 as what the heap grows by, after a collection, when a process that runs one server starts a second.
 */
const STARTUP_BYTES = 640 * 1024;

/** One server's books of memory. */
export class Memory {
  /** Resident memory of the process, as of the last sample. */
  rss = 0;
  /** Buffers of clients, as of the last sample. */
  clientsNormal = 0;
  /** And of replicas, without the part of the replication stream that waits for them. */
  #replicas = 0;
  /** The share of a server without data. */
  readonly startup = STARTUP_BYTES;
  readonly #server: RedisServer;
  #heapTotal = 0;
  #heapUsed = 0;
  #external = 0;
  #peak = 0;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** Bytes in use; see the file comment. */
  get used(): number {
    return this.startup + this.#server.store.dataBytes + this.clientsNormal + this.#replicas +
      this.aofBuffer + this.replicationBuffers + this.#server.tracking.bytes + this.#server.watches.bytes +
      this.scripts;
  }

  /** Bytes of cached scripts and libraries, without the Lua worlds, which are the runtime's. */
  get scripts(): number {
    return this.#server.scripting.bytes;
  }

  /** Bytes of the replication stream that are kept, for replicas that come back and for those that are behind. */
  get replicationBuffers(): number {
    return this.#server.replication.stream.backlog?.bytes ?? 0;
  }

  /** What of them is kept for replicas that are behind: as in redis-server, what goes beyond repl-backlog-size. */
  get clientsReplicas(): number {
    const { replication, config } = this.#server;
    if (replication.primary.links.size === 0) return 0;
    return Math.max(0, this.replicationBuffers - config.replBacklogSize);
  }

  /** The rest of them. */
  get backlog(): number {
    return this.replicationBuffers - this.clientsReplicas;
  }

  get aofBuffer(): number {
    return this.#server.persistence.aof.writer?.pending ?? 0;
  }

  /** Bytes that eviction must not make up for by deleting keys: what only serves to keep copies of the data elsewhere. */
  get notCounted(): number {
    const { backlog } = this.#server.replication.stream;
    if (backlog === null) return this.aofBuffer;
    // A backlog is given back in blocks, so it is a little larger than repl-backlog-size, and that counts as data does.
    return Math.max(0, backlog.bytes - backlog.capacity - backlog.bytesOf(1)) + this.aofBuffer;
  }

  /** The most that was ever in use when somebody looked. */
  get peak(): number {
    return this.#peak = Math.max(this.#peak, this.used);
  }

  /** Called by the cron: asks the runtime and adds up the clients. */
  sample(): void {
    const { rss, heapUsed, heapTotal, external } = Deno.memoryUsage();
    this.rss = rss;
    this.#heapTotal = heapTotal;
    this.#heapUsed = heapUsed;
    this.#external = external;
    let normal = 0;
    let replicas = 0;
    for (const client of this.#server.clients.values()) {
      if (client.replica) replicas += clientMemory(client);
      else normal += clientMemory(client);
    }
    this.clientsNormal = normal;
    this.#replicas = replicas;
    this.#peak = Math.max(this.#peak, this.used);
  }

  /** Everything for INFO memory and MEMORY STATS. */
  report(): MemoryReport {
    this.sample();
    const { store } = this.#server;
    const used = this.used;
    const databases = store.databases.filter((db) => db.size > 0).map((db) => ({
      db,
      main: db.table.indexBytes,
      expires: db.expires.indexBytes,
    }));
    let overhead = this.startup + this.clientsNormal + this.#replicas + this.aofBuffer +
      this.replicationBuffers + this.#server.tracking.bytes;
    for (const { main, expires } of databases) overhead += main + expires;
    const keys = store.size;
    const net = used - this.startup;
    const dataset = Math.max(0, used - overhead);
    const blocks = store.databases.reduce((sum, db) => sum + db.arena.blockBytes, 0);
    return {
      used,
      rss: this.rss,
      peak: this.peak,
      startup: this.startup,
      overhead,
      dataset,
      datasetPercent: net <= 0 ? 0 : dataset * 100 / net,
      clientsNormal: this.clientsNormal,
      clientsReplicas: this.clientsReplicas,
      aofBuffer: this.aofBuffer,
      keys,
      bytesPerKey: keys === 0 ? 0 : Math.floor(net / keys),
      databases,
      active: used + store.chunkBytes - blocks,
      resident: this.#heapTotal + this.#external,
      heapTotal: this.#heapTotal,
      heapUsed: this.#heapUsed,
      external: this.#external,
    };
  }
}

/** Bytes as INFO shows them to people: 895.02K. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let scaled = bytes;
  let unit = -1;
  while (scaled >= 1024 && unit < 4) {
    scaled /= 1024;
    unit++;
  }
  return fixed(scaled, 2) + "KMGTP"[unit];
}
