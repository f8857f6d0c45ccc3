/**
 * Replication as this server has it: what stands in replication/ tied to the store, the gate, the files and the
 * configuration, and the changes of role.
 */
import type { Block } from "../commands/block.ts";
import type { Context } from "../commands/context.ts";
import { RdbEncoder } from "../persistence/rdb_save.ts";
import { Failover } from "../replication/failover.ts";
import type { SnapshotContents, SnapshotFile } from "../replication/full_sync.ts";
import { type LinkClient, ReplicaLink } from "../replication/link.ts";
import { errnoText } from "../persistence/disk.ts";
import { HandshakeError } from "../replication/handshake.ts";
import { Primary, type PrimaryHost } from "../replication/primary.ts";
import { type PrimaryAddress, type ReceivedFile, Replica, type ReplicaHost } from "../replication/replica.ts";
import {
  replicationFields,
  type ReplicationView,
  type ReportField,
  writeRole,
} from "../replication/report.ts";
import { ReplicationStream } from "../replication/stream.ts";
import type { SnapshotEncoder, SnapshotSink } from "../persistence/snapshot.ts";
import type { Database } from "../store.ts";
import type { Client } from "./client.ts";
import { clientInfo } from "./client_info.ts";
import type { ReplicationNote } from "./persistence.ts";
import { beginPrimarySession } from "./primary_session.ts";
import type { RedisServer } from "./server.ts";
import { writeSyncFile } from "./sync_file.ts";
import { tlsTrust } from "./tls.ts";
import { DirectLoad, SpoolFile } from "./sync_spool.ts";

/** The first full second of a server's life has no cron of its own: what happens once a second, in milliseconds. */
const CRON_MS = 1000;

/** One server's replication. */
export class Replication implements ReplicationView {
  readonly stream: ReplicationStream;
  readonly primary: Primary;
  readonly replica: Replica;
  readonly failover: Failover;
  readonly #server: RedisServer;
  /** Clients in WAIT, and the offset and number that each waits for. */
  readonly #waiting = new Map<Client, { offset: number; replicas: number }>();
  #lastCronMs = 0;
  /** What was on disk is loaded: before that there is nothing to go on from, and nowhere to put a full resync. */
  #started = false;

  constructor(server: RedisServer) {
    this.#server = server;
    this.stream = new ReplicationStream({
      newId: () => server.random.secretHex(40),
      backlogSize: () => server.config.replBacklogSize,
      grown: () => this.primary.streamGrown(),
      backlogChanged: (kept) => {
        if (kept) server.propagation.add(this.stream);
        else server.propagation.remove(this.stream);
      },
    });
    this.primary = new Primary(this.stream, this.#primaryHost());
    this.replica = new Replica(this.stream, this.#replicaHost());
    this.failover = new Failover(this.primary, this.stream, {
      notice: (message) => server.log.notice(message),
      monotonicMs: () => server.clock.monoMs(),
      holdWrites: (hold) =>
        hold ? server.pauses.pause("failover", "write", Infinity) : server.pauses.unpause("failover"),
      changePlaces: (target) => {
        this.replica.requestsFailover = true;
        this.#follow(target);
      },
      takeBack: () => this.promote(),
    });
    server.persistence.replicationNote = () => this.note();
    if (server.config.replicaof !== null) {
      this.replica.primary = server.config.replicaof;
      this.replica.phase = "connect";
    }
    this.#adoptRole();
    server.config.onApply(["replica-serve-stale-data", "replica-read-only"], () => this.#adoptRole());
    server.config.onApply("repl-backlog-size", () => this.stream.resizeBacklog());
    server.config.onApply(
      ["min-replicas-to-write", "min-replicas-max-lag"],
      () => this.primary.countGood(),
    );
  }

  // -- What the parts need ----------------------------------------------------------------------------------------

  #primaryHost(): PrimaryHost {
    const server = this.#server;
    return {
      settings: server.config,
      notice: (message) => server.log.notice(message),
      warning: (message) => server.log.warning(message),
      monotonicMs: () => server.clock.monoMs(),
      randomHex: (digits) => server.random.secretHex(digits),
      processId: Deno.pid,
      snapshotRunning: () => server.persistence.snapshots.running !== null,
      snapshotTo: (sink, contents) => this.#snapshot(sink, contents),
      snapshotFile: (contents) => this.#snapshotFile(contents),
      describe: (link) => clientInfo(server, link.client as Client),
      savesAnyway: () => server.config.save.length > 0,
      abandonSnapshot: () => server.persistence.snapshots.abort("replication"),
      quiet: () => this.failover.active && server.pauses.active,
      commit: () => server.commits === null || !server.commits.isNeeded || server.commits.release(),
      paused: () => server.pauses.active,
      following: () => this.following,
      lacksReplicas: (lacking) => server.lacksReplicas = lacking,
      acknowledged: () => {
        this.#serveWaiting();
        this.failover.check();
      },
    };
  }

  #replicaHost(): ReplicaHost {
    const server = this.#server;
    return {
      settings: server.config,
      limits: server.readerLimits,
      notice: (message) => server.log.notice(message),
      warning: (message) => server.log.warning(message),
      monotonicMs: () => server.clock.monoMs(),
      connect: (host, port) =>
        server.config.tlsReplication ? connectTls(server, host, port) : connect(host, port),
      received: (bytes) => server.stats.replInputBytes += bytes,
      spool: () => this.#spool(),
      beginSession: (socket, db) => beginPrimarySession(server, socket, db),
      keep: () => server.persistence.aof.flush(),
      disconnectReplicas: () => this.primary.disconnectAll(),
      changed: () => this.#adoptRole(),
      answered: (kind) => {
        if (kind !== null) this.replica.requestsFailover = false;
        if (kind !== null) this.failover.answered(kind !== "refused");
      },
    };
  }

  #spool(): ReceivedFile {
    const server = this.#server;
    const { replDisklessLoad } = server.config;
    const isDirect = replDisklessLoad === "swapdb" ||
      (replDisklessLoad === "on-empty-db" && server.store.size === 0);
    if (isDirect) return new DirectLoad(server, replDisklessLoad === "swapdb");
    try {
      return new SpoolFile(server);
    } catch (error) {
      const reason = errnoText(error);
      throw new HandshakeError(
        `Opening the temp file needed for MASTER <-> REPLICA synchronization: ${reason}`,
      );
    }
  }

  #encoder(contents: SnapshotContents): SnapshotEncoder {
    const options = this.#server.persistence.rdbOptions(false);
    const encoder = new RdbEncoder(contents.functions ? options : { ...options, functions: [] });
    return contents.keys ? encoder : withoutKeys(encoder);
  }

  #snapshot(sink: SnapshotSink, contents: SnapshotContents): Promise<void> {
    const { persistence } = this.#server;
    const beganSeconds = persistence.nowSeconds();
    return persistence.snapshots.start("replication", this.#encoder(contents), sink).finally(() => {
      persistence.lastBgsaveSeconds = persistence.nowSeconds() - beganSeconds;
    });
  }

  #snapshotFile(contents: SnapshotContents): Promise<SnapshotFile> {
    return writeSyncFile(this.#server, (sink) => this.#snapshot(sink, contents));
  }

  // -- Roles ------------------------------------------------------------------------------------------------------

  /** This server follows a primary. */
  get following(): boolean {
    return this.replica.primary !== null;
  }

  /** The fields that the gate asks for follow from the role and the state of the link. */
  #adoptRole(): void {
    const server = this.#server;
    const following = this.following;
    server.isReplica = following;
    server.readOnlyReplica = following && server.config.replicaReadOnly;
    server.staleReplica = following && this.replica.phase !== "connected" &&
      !server.config.replicaServeStaleData;
    server.store.whenVolatile = following && !server.readOnlyReplica ? this.#noteVolatile : null;
    this.stream.writes = !following;
    if (following) server.lacksReplicas = false;
    this.#logAs(following ? "S" : "M");
  }

  /** The lines of the log say the role that the server takes on, from the first line about that. */
  #logAs(role: "M" | "S"): void {
    const { log } = this.#server;
    if (log.role === "M" || log.role === "S") log.role = role; // not before the start is over
  }

  /** A key of a writable replica is given an expiry: where it is not the primary that does so, the replica sees to it. */
  readonly #noteVolatile = (db: Database, addr: number): void => {
    const { dispatcher, replicaExpiry, loading } = this.#server;
    const { currentClient } = dispatcher;
    if (loading || currentClient === null || currentClient.primary) return;
    replicaExpiry.note(db, db.keyBytes(addr));
  };

  /** After loading: begins to follow the primary that the configuration names, from where the loaded file ends. */
  start(): void {
    const server = this.#server;
    this.#started = true;
    this.primary.countGood();
    const loaded = server.persistence.loadedReplication;
    const note = loaded.id === "" || loaded.offset < 0 ? null : loaded;
    if (this.following) {
      if (note !== null) {
        this.stream.adopt(note.id, note.offset);
        this.#keepOwnHistory();
      }
      this.replica.follow(this.replica.primary!, note !== null, note?.db ?? 0);
    } else this.#continueFile();
  }

  /** Replicas that were in step with the file that is loaded can go on from it. False where it names no history. */
  #continueFile(): boolean {
    const { stream } = this;
    const { id, offset } = this.#server.persistence.loadedReplication;
    if (id === "" || offset < 0) return false;
    if (stream.backlog !== null) return true;
    stream.id2 = id;
    stream.offset = offset;
    stream.secondOffset = offset + 1;
    stream.createBacklog();
    return true;
  }

  /** A key of the file had expired and is left out: replicas that go on from the file have it, and are told. */
  expiredAtLoad(db: Database, key: Uint8Array): void {
    const { dispatcher, config } = this.#server;
    if (!this.following && this.#continueFile()) {
      dispatcher.propagateDelete(db, key, config.lazyfreeLazyExpire);
    }
  }

  /** REPLICAOF host port. False where it is followed already. */
  follow(address: PrimaryAddress): boolean {
    const now = this.replica.primary;
    if (now !== null && now.host === address.host && now.port === address.port) return false;
    this.#follow(address);
    return true;
  }

  #follow(address: PrimaryAddress): void {
    const server = this.#server;
    const wasPrimary = !this.following;
    server.config.replicaof = address;
    this.#logAs("S");
    this.#releaseBlocked();
    if (wasPrimary) this.#keepOwnHistory();
    this.replica.follow(address, wasPrimary);
    this.#adoptRole();
  }

  /** What this server has written may be the beginning of what its new primary has. */
  #keepOwnHistory(): void {
    this.#server.log.notice(
      "Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to " +
        "synchronize with the new master with just a partial transfer.",
    );
  }

  /** REPLICAOF NO ONE. False where this is a primary already. */
  promote(): boolean {
    if (!this.following) return false;
    const server = this.#server;
    this.#logAs("M");
    this.replica.requestsFailover = false;
    this.replica.unfollow();
    server.config.replicaof = null;
    this.stream.promote();
    server.log.warning(
      `Setting secondary replication ID to ${this.stream.id2}, valid up to offset: ${this.stream.secondOffset}. New ` +
        `replication ID is ${this.stream.id}`,
    );
    this.primary.disconnectAll();
    this.primary.lonelySinceMs = server.clock.monoMs();
    this.#adoptRole();
    this.primary.countGood();
    return true;
  }

  /** A primary's blocked clients wait for what a replica will not give them. */
  #releaseBlocked(): void {
    for (const client of this.#server.clients.values()) {
      if (client.waiting === null) continue;
      this.#server.blocking.unblock(client);
      this.#waiting.delete(client);
      this.#server.replyError(
        client,
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
      );
      client.closeAfterReply = true;
      client.transport?.wake();
    }
  }

  /** What a file's reader is told: null where nobody could continue from it. */
  note(): ReplicationNote {
    const { stream, replica } = this;
    if (this.following) {
      if (!replica.hasHistory || replica.phase === "sync") return null;
      return { db: replica.db, id: stream.id, offset: stream.offset };
    }
    if (stream.backlog === null) return null;
    return { db: Math.max(0, stream.selected), id: stream.id, offset: stream.offset };
  }

  // -- Links ------------------------------------------------------------------------------------------------------

  /** What a client has told about itself as a replica. */
  linkOf(client: Client): ReplicaLink {
    return client.link ??= new ReplicaLink(client as LinkClient);
  }

  /** A client is gone. */
  forget(client: Client): void {
    this.#waiting.delete(client);
    if (client.link !== null) this.primary.forget(client.link);
  }

  // -- WAIT -------------------------------------------------------------------------------------------------------

  /** Waits until so many replicas have the client's last write, for so many milliseconds (0: for ever). */
  wait(ctx: Context, replicas: number, timeout: number): Block | void {
    const { client } = ctx;
    const offset = client.writeOffset;
    const count = this.primary.countAcked(offset);
    if (count >= replicas || !ctx.mayBlock) return ctx.reply.integer(count);
    this.#waiting.set(client, { offset, replicas });
    // Where every replica has everything there is nothing to ask.
    if (count < this.primary.links.size) this.primary.requestAcks();
    return {
      keys: [],
      timeout,
      expired: (late) => {
        this.#waiting.delete(client);
        late.reply.integer(this.primary.countAcked(offset));
      },
      wakes: () => false,
      reason: "wait",
    };
  }

  #serveWaiting(): void {
    for (const [client, { offset, replicas }] of this.#waiting) {
      const { waiting } = client;
      if (waiting === null) {
        this.#waiting.delete(client);
        continue;
      }
      if (this.primary.countAcked(offset) < replicas) continue;
      this.#server.blocking.unblock(client);
      this.#server.dispatcher.expireWait(client, waiting);
      this.#server.wakeUps.wake(client);
    }
  }

  /** A client's command is over: what it wrote ends here. */
  noteWrite(client: Client): void {
    this.stream.moved = false;
    client.writeOffset = this.stream.offset;
  }

  // -- Reports and cron -------------------------------------------------------------------------------------------

  /** The fields of INFO's section. */
  info(): ReportField[] {
    return replicationFields(this);
  }

  /** The reply of ROLE. */
  role(ctx: Context): void {
    writeRole(this, ctx.reply);
  }

  get settings() {
    return this.#server.config;
  }

  nowMs(): number {
    return this.#server.clock.monoMs();
  }

  /** Called by the server's cron. */
  cron(): void {
    const server = this.#server;
    if (!this.#started) return;
    const now = server.clock.monoMs();
    this.failover.cron();
    if (now - this.#lastCronMs < CRON_MS) return;
    this.#lastCronMs = now;
    this.replica.cron();
    this.primary.cron();
  }
}

/** An encoder that passes the keys over (REPLCONF rdb-filter-only functions). */
function withoutKeys(encoder: SnapshotEncoder): SnapshotEncoder {
  return {
    get length() {
      return encoder.length;
    },
    begin: () => encoder.begin(),
    database: () => {},
    record: () => null,
    aside: () => withoutKeys(encoder.aside()),
    append: (bytes) => encoder.append(bytes),
    end: () => encoder.end(),
    rush: (isRushed) => encoder.rush(isRushed),
    split: (capacity) => encoder.split(capacity),
    drain: (spare) => encoder.drain(spare),
  };
}

/** Connects to a primary that speaks TLS. As in redis-server its certificate is checked, and not its name. */
async function connectTls(server: RedisServer, hostname: string, port: number): Promise<Deno.TlsConn> {
  const trust = tlsTrust(server.config);
  const conn = await Deno.connectTls({ hostname, port, ...trust, unsafelyDisableHostnameVerification: true });
  try {
    await conn.handshake();
  } catch (error) {
    conn.close();
    throw error;
  }
  return conn;
}

/** Connects to a primary. A name that stands for several addresses is tried in both families. */
async function connect(host: string, port: number): Promise<Deno.TcpConn> {
  let conn: Deno.TcpConn;
  try {
    conn = await Deno.connect({ hostname: host, port });
  } catch (error) {
    if (host !== "localhost") throw error;
    conn = await Deno.connect({ hostname: "127.0.0.1", port });
  }
  conn.setNoDelay(true);
  return conn;
}
