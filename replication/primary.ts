/**
 * This server as a primary: who replicates from it, who may go on where it was and who needs everything, and how far
 * each of them is.
 *
 * The decisions and their log lines are redis-server's; what differs is that no process is forked: a full resync is a
 * snapshot that is written beside the commands (replication/full_sync.ts).
 */
import { fromLatin1 } from "../types/bytes.ts";
import { contentsFor, FullSync, type FullSyncHost } from "./full_sync.ts";
import type { ReplicaLink } from "./link.ts";
import type { ReplicationStream } from "./stream.ts";

/** The directives that a primary follows; read anew each time. */
export interface PrimarySettings {
  readonly replDisklessSync: boolean;
  readonly replDisklessSyncDelay: number;
  readonly replDisklessSyncMaxReplicas: number;
  readonly replPingReplicaPeriod: number;
  readonly replTimeout: number;
  readonly replBacklogSize: number;
  readonly replBacklogTtl: number;
  readonly minReplicasToWrite: number;
  readonly minReplicasMaxLag: number;
  readonly clientOutputBufferLimit: {
    readonly replica: { readonly hard: number; readonly soft: number; readonly seconds: number };
  };
}

/** What a primary needs of its surroundings. */
export interface PrimaryHost extends FullSyncHost {
  readonly settings: PrimarySettings;
  /** Whether another snapshot is being written: two cannot be. */
  snapshotRunning(): boolean;
  /** What CLIENT LIST says of a replica. */
  describe(link: ReplicaLink): string;
  /** Whether there are save points: a snapshot on disk is of use without replicas, too. */
  savesAnyway(): boolean;
  /** Ends the snapshot for replicas, which nobody wants any more. */
  abandonSnapshot(): void;
  /** The primary is about to be left for a failover, or to be told apart from its replicas by silence: no PINGs. */
  quiet(): boolean;
  /** Writes what was executed to the append-only file; false where nothing may leave any more. */
  commit(): boolean;
  /** Clients are held back, so that the offset may have to stand still: nobody is asked how far he is. */
  paused(): boolean;
  /** This server follows a primary itself. */
  following(): boolean;
  /** Too few good replicas to write; no longer. */
  lacksReplicas(lacking: boolean): void;
  /** An acknowledgement came in: WAIT and FAILOVER look again. */
  acknowledged(link: ReplicaLink): void;
}

/** How many rounds of waiting callbacks pass before replicas are fed. */
const GATHER_ROUNDS = 6;
const NOTHING = Promise.resolve();

/** All replicas of this server. */
export class Primary {
  readonly links = new Set<ReplicaLink>();
  /** Full resyncs, partial ones, and requests for partial ones that had to become full (INFO stats). */
  fullSyncs = 0;
  partialSyncs = 0;
  partialRefusals = 0;
  /** Good replicas as min-replicas-max-lag counts them. */
  goodReplicas = 0;
  readonly #stream: ReplicationStream;
  readonly #host: PrimaryHost;
  #sync: FullSync | null = null;
  #ackWanted = false;
  #flushQueued = false;
  /** Seconds that the cron has counted: replicas hear a ping when the period divides them. */
  #seconds = 1;
  /** Monotonic milliseconds since which there has been no replica. */
  lonelySinceMs: number;

  constructor(stream: ReplicationStream, host: PrimaryHost) {
    this.#stream = stream;
    this.#host = host;
    this.lonelySinceMs = host.monotonicMs();
  }

  // -- Synchronization ------------------------------------------------------------------------------------------

  /**
   * PSYNC id offset (the next byte it wants, counted from 1), or SYNC (null). The answer goes over the link, now or
   * when a snapshot can begin.
   */
  synchronize(link: ReplicaLink, request: { id: string; offset: number } | null): void {
    const host = this.#host;
    link.waitingSinceMs = link.ackedAtMs = host.monotonicMs();
    if (request !== null) {
      if (this.#tryPartial(link, request.id, request.offset)) {
        this.partialSyncs++;
        return;
      }
      if (request.id !== "?") this.partialRefusals++;
    } else link.old = true;
    this.fullSyncs++;
    this.#attach(link, "waiting");
    if (this.#stream.backlog === null) {
      this.#stream.beginHistory();
      this.#stream.createBacklog();
      host.notice(
        `Replication backlog created, my new replication IDs are '${this.#stream.id}' and '${this.#stream.id2}'`,
      );
    }
    this.#place(link);
  }

  #attach(link: ReplicaLink, state: "waiting" | "online"): void {
    link.client.replica = true;
    link.state = state;
    this.links.add(link);
  }

  /** Lets a replica go on where it was. False where it needs everything. */
  #tryPartial(link: ReplicaLink, id: string, offset: number): boolean {
    const stream = this.#stream, host = this.#host;
    if (!stream.isPrefix(id, offset)) {
      if (id === "?") host.notice(`Full resync requested by replica ${link.name}`);
      else if (id !== stream.id && id !== stream.id2) {
        host.notice(
          `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '${id}', my replication ` +
            `IDs are '${stream.id}' and '${stream.id2}')`,
        );
      } else {
        host.notice(
          `Partial resynchronization not accepted: Requested offset for second ID was ${offset}, but I can reply up to ` +
            stream.secondOffset,
        );
      }
      return false;
    }
    if (stream.backlog === null || !stream.backlog.covers(offset - 1)) {
      host.notice(
        `Unable to partial resync with replica ${link.name} for lack of backlog (Replica request was: ${offset}).`,
      );
      if (stream.backlog !== null && offset - 1 > stream.backlog.end) {
        host.warning(
          `Warning: replica ${link.name} tried to PSYNC with an offset that is greater than the master replication offset.`,
        );
      }
      return false;
    }
    this.#attach(link, "online");
    link.sent = offset - 1;
    link.send(fromLatin1(link.understandsPsync2 ? `+CONTINUE ${stream.id}\r\n` : "+CONTINUE\r\n"));
    host.notice(
      `Partial resynchronization request from ${link.name} accepted. Sending ${
        stream.offset - link.sent
      } bytes of ` +
        `backlog starting from offset ${offset}.`,
    );
    link.pump(stream);
    this.countGood();
    return true;
  }

  /** Finds a snapshot for a replica: the one under way, a new one, or a later one. */
  #place(link: ReplicaLink): void {
    const host = this.#host, sync = this.#sync;
    if (sync !== null) {
      const wanted = contentsFor(link);
      const same = sync.contents.keys === wanted.keys && sync.contents.functions === wanted.functions;
      if (sync.diskless) {
        return host.notice("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC");
      }
      if (!sync.open || !same || sync.abandoned) {
        return host.notice(
          "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC",
        );
      }
      sync.join(link);
      return host.notice("Waiting for end of BGSAVE for SYNC");
    }
    const { replDisklessSync, replDisklessSyncDelay } = host.settings;
    if (replDisklessSync && link.understandsEof && replDisklessSyncDelay > 0) {
      host.notice("Delay next BGSAVE for diskless SYNC");
    } else if (host.snapshotRunning()) {
      host.notice(
        "No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed",
      );
    } else this.#beginSync();
  }

  /** Begins a full resync for those that wait, if one can begin: those that want the same, in the same way. */
  #beginSync(): void {
    const host = this.#host;
    if (this.#sync !== null || host.snapshotRunning()) return;
    const waiting = [...this.links].filter((link) => link.state === "waiting");
    const first = waiting[0];
    if (first === undefined) return;
    const wanted = contentsFor(first);
    const group = waiting.filter((link) => {
      const contents = contentsFor(link);
      return contents.keys === wanted.keys && contents.functions === wanted.functions;
    });
    // What is not the whole data set must not come near the server's own file.
    const isWhole = wanted.keys && wanted.functions;
    const diskless = (host.settings.replDisklessSync || !isWhole) &&
      group.every((link) => link.understandsEof);
    const sync = new FullSync(group, diskless, this.#stream, host, (link) => this.#fileArrived(link));
    this.#sync = sync;
    // Others need not wait until the slowest of these has taken its file.
    sync.run(() => {
      if (this.#sync === sync) this.#sync = null;
    });
  }

  #fileArrived(link: ReplicaLink): void {
    if (link.rdbOnly) {
      this.#host.notice(`Close the connection with replica ${link.name} as RDB transfer is complete`);
      return link.close();
    }
    link.state = "online";
    link.ackedAtMs = this.#host.monotonicMs();
    this.#host.notice(`Synchronization with replica ${link.name} succeeded`);
    this.countGood();
    link.pump(this.#stream);
  }

  // -- While replicas are there ---------------------------------------------------------------------------------

  /** REPLCONF ACK: the replica has everything up to here. */
  acknowledge(link: ReplicaLink, offset: number): void {
    if (!this.links.has(link)) return;
    link.acked = Math.max(link.acked, offset);
    link.ackedAtMs = this.#host.monotonicMs();
    if (link.startsOnAck && link.state === "online") {
      link.startsOnAck = false;
      link.pump(this.#stream);
    }
    this.countGood();
    this.#host.acknowledged(link);
  }

  /** How many replicas have acknowledged everything up to `offset`. */
  countAcked(offset: number): number {
    let count = 0;
    for (const link of this.links) if (link.state === "online" && link.acked >= offset) count++;
    return count;
  }

  /** Asks all replicas how far they are; once, however many clients want to know in this turn, and not in a pause. */
  requestAcks(): void {
    this.#ackWanted = true;
    this.streamGrown();
  }

  /** As {@link requestAcks}, now. */
  askForAcks(): void {
    if (this.links.size > 0) this.#stream.control("REPLCONF", "GETACK", "*");
  }

  /** The pause is over: who wanted to know how far the replicas are is told now. */
  pauseEnded(): void {
    if (this.#ackWanted) this.streamGrown();
  }

  /** The stream has grown: replicas are fed once the present turn is over. */
  streamGrown(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    this.#gather();
  }

  /** Requests that arrived in this turn of the event loop run first and join: one write to each replica for all. */
  async #gather(): Promise<void> {
    for (let round = 0; round < GATHER_ROUNDS; round++) await NOTHING;
    this.#flush();
  }

  #flush(): void {
    if (this.#ackWanted && !this.#host.paused()) {
      this.#ackWanted = false;
      this.askForAcks();
    }
    this.#flushQueued = false;
    // A replica that is promoted must not know of more than this server would after a crash.
    if (!this.#host.commit()) return;
    for (const link of this.links) {
      if (link.state === "online") link.pump(this.#stream);
      if (this.#overLimit(link)) link.close();
    }
    this.#trim();
  }

  #trim(): void {
    let needed = Infinity;
    for (const link of this.links) if (link.state !== "waiting") needed = Math.min(needed, link.sent);
    this.#stream.backlog?.trim(needed);
  }

  /** client-output-buffer-limit replica. A limit below the backlog's size would only make replicas come back for it. */
  #overLimit(link: ReplicaLink): boolean {
    const { settings } = this.#host;
    const { hard, soft, seconds } = settings.clientOutputBufferLimit.replica;
    const pending = link.pendingBytes(this.#stream);
    const least = settings.replBacklogSize;
    const now = this.#host.monotonicMs();
    if (soft === 0 || pending <= Math.max(soft, least)) link.overSoftSinceMs = 0;
    else if (link.overSoftSinceMs === 0) link.overSoftSinceMs = now;
    const over = (hard > 0 && pending > Math.max(hard, least)) ||
      (link.overSoftSinceMs > 0 && now - link.overSoftSinceMs > seconds * 1000);
    if (over) {
      this.#host.warning(
        `Client ${
          this.#host.describe(link)
        } scheduled to be closed ASAP for overcoming of output buffer limits.`,
      );
    }
    return over;
  }

  /** The client is gone. */
  forget(link: ReplicaLink): void {
    if (!this.links.delete(link)) return;
    this.#host.warning(`Connection with replica ${link.name} lost.`);
    this.#sync?.leave(link);
    // A file on disk is a save as well, where there are save points.
    if (this.#sync?.abandoned === true && (this.#sync.diskless || !this.#host.savesAnyway())) {
      this.#host.abandonSnapshot();
    }
    this.#trim();
    if (this.links.size === 0) this.lonelySinceMs = this.#host.monotonicMs();
    this.countGood();
  }

  /** Replicas have to ask again: what they follow has another name now, or is other data. */
  disconnectAll(): void {
    for (const link of this.links) link.close();
  }

  /** Counts the replicas that min-replicas-to-write may rely on. */
  countGood(): void {
    const { minReplicasToWrite, minReplicasMaxLag } = this.#host.settings;
    const active = minReplicasToWrite > 0 && minReplicasMaxLag > 0;
    this.goodReplicas = 0;
    const now = this.#host.monotonicMs();
    for (const link of this.links) {
      if (link.state === "online" && lagSeconds(link, now) <= minReplicasMaxLag) this.goodReplicas++;
    }
    this.#host.lacksReplicas(active && !this.#host.following() && this.goodReplicas < minReplicasToWrite);
  }

  // -- Once a second --------------------------------------------------------------------------------------------

  /** Called about once a second. */
  cron(): void {
    const now = this.#host.monotonicMs();
    const { settings } = this.#host;
    if (this.links.size > 0 && this.#seconds % settings.replPingReplicaPeriod === 0 && !this.#host.quiet()) {
      this.#stream.control("ping");
    }
    this.#seconds++;
    for (const link of this.links) {
      // A line feed is nothing to the replica but a sign of life, while it waits for its file.
      if (link.state === "waiting" || link.state === "snapshot") link.send(NEWLINE);
      if (this.#overLimit(link)) link.close();
      this.#hear(link, now);
      if (this.#holdsUpSync(link, now)) {
        this.#host.warning(`Disconnecting timedout replica (full sync): ${link.name}`);
        link.close();
        continue;
      }
      if (link.state !== "online" || link.old || now - link.ackedAtMs <= settings.replTimeout * 1000) {
        continue;
      }
      this.#host.warning(
        `Disconnecting timedout replica (${link.startsOnAck ? "full" : "streaming"} sync): ${link.name}`,
      );
      link.close();
    }
    this.#expireBacklog(now);
    if (this.#isSyncDue(now)) this.#beginSync();
    this.countGood();
    this.#trim();
  }

  /** While a replica loads its file it sends line feeds in place of acknowledgements. */
  #hear(link: ReplicaLink, now: number): void {
    const bytes = link.client.transport?.bytesRead ?? 0;
    if (link.startsOnAck && bytes !== link.bytesSeen) link.ackedAtMs = now;
    link.bytesSeen = bytes;
  }

  /** A snapshot that goes straight to the sockets waits for the slowest replica, and others wait for the snapshot. */
  #holdsUpSync(link: ReplicaLink, now: number): boolean {
    const bytes = link.client.transport?.bytesWritten ?? 0;
    if (bytes !== link.bytesTaken || !link.hasOutput || !link.isDirect || link.state !== "transfer") {
      link.tookAtMs = now;
    }
    link.bytesTaken = bytes;
    return now - link.tookAtMs > this.#host.settings.replTimeout * 1000;
  }

  #expireBacklog(now: number): void {
    const ttl = this.#host.settings.replBacklogTtl;
    if (this.links.size > 0 || ttl === 0 || this.#stream.backlog === null || this.#host.following()) return;
    if (now - this.lonelySinceMs <= ttl * 1000) return;
    // Writes are not counted any more: an old replica that came back at the same offset would miss them.
    this.#stream.beginHistory();
    this.#stream.dropBacklog();
    this.#host.notice(`Replication backlog freed after ${ttl} seconds without connected replicas.`);
  }

  /** Replicas gather for a diskless sync until the oldest has waited long enough or there are enough of them. */
  #isSyncDue(now: number): boolean {
    const { replDisklessSync, replDisklessSyncDelay, replDisklessSyncMaxReplicas } = this.#host.settings;
    let count = 0, longest = 0, allEof = true;
    for (const link of this.links) {
      if (link.state !== "waiting") continue;
      count++;
      longest = Math.max(longest, now - link.waitingSinceMs);
      allEof &&= link.understandsEof;
    }
    if (count === 0) return false;
    if (!replDisklessSync || !allEof) return true;
    return longest >= replDisklessSyncDelay * 1000 ||
      (replDisklessSyncMaxReplicas > 0 && count >= replDisklessSyncMaxReplicas);
  }
}

const NEWLINE = fromLatin1("\n");

/** Whole seconds since the last acknowledgement. */
export function lagSeconds(link: ReplicaLink, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - link.ackedAtMs) / 1000));
}
