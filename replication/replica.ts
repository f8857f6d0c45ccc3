/**
 * This server as a replica: it connects to its primary, gets the data set or goes on where it was, and applies the
 * stream; when the link breaks it begins again.
 *
 * Offsets are exact to the byte: what was applied is passed on to our own replicas as it came and counted then, and a
 * transaction counts as a whole when its EXEC has run. So whatever breaks wherever, the next PSYNC names the first byte
 * whose effect is missing.
 *
 * Each attempt has a socket of its own, and every step looks whether it is still the one that counts: REPLICAOF, a
 * timeout and a promotion only close the socket and go on.
 */
import { ProtocolError, type ReaderLimits, type RequestFrame, RequestReader } from "../resp.ts";
import { messageOf } from "../util/errors.ts";
import { askToSync, HandshakeError, type HandshakeSettings, introduce } from "./handshake.ts";
import { LinkLost, PrimarySocket, type RawSocket } from "./primary_socket.ts";
import { payloadForm, receivePayload, type SyncSpool } from "./rdb_receiver.ts";
import { NO_ID, type ReplicationStream } from "./stream.ts";

/** The directives of a replica; read anew each time. */
export interface ReplicaSettings extends HandshakeSettings {
  readonly replTimeout: number;
}

/** A received file, and how it becomes the data set. */
export interface ReceivedFile extends SyncSpool {
  /** It goes to the disk first, and is not loaded as it comes. */
  readonly isOnDisk: boolean;
  /** The file begins: so many bytes (0: not known), of the history that we have, or not. */
  begin(size: number, isSameHistory: boolean, replaced: () => void): void;
  /**
   * Replaces the data set by what was received, which is complete; `replaced` of {@link begin} is called when the old one
   * goes, which may have happened before. Tells which database the stream behind it has selected: a primary that passes
   * another one's stream on does not select it anew. Rejects with an Error for the log; the data set is empty then if
   * `replaced` was called, and else the old one. So does {@link write}, where what is received is loaded at once.
   */
  load(): Promise<number>;
  /** Forgets what was received, if it has not become the data set. */
  discard(): Promise<void>;
}

/** The primary as a client of ours: it sends commands. */
export interface PrimarySession {
  /** Arguments of the command to run. */
  readonly frame: RequestFrame;
  /** Fulfilled when commands may run: a script is in the middle of its work. Null where they may now. */
  readonly held: Promise<void> | null;
  /** Runs the command in {@link frame}. */
  execute(): void;
  /** A transaction is being queued. */
  readonly inTransaction: boolean;
  /** The database it has selected. */
  readonly db: number;
  /** The batch is over: others are served. */
  endBatch(): void;
  /** The link is gone. */
  end(): void;
}

/** What a replica needs of its surroundings. */
export interface ReplicaHost {
  readonly settings: ReplicaSettings;
  readonly limits: ReaderLimits;
  notice(message: string): void;
  warning(message: string): void;
  monotonicMs(): number;
  connect(host: string, port: number): Promise<RawSocket>;
  /** Bytes came from the primary. */
  received(bytes: number): void;
  /** Where the file of a full resync goes. */
  spool(): ReceivedFile;
  /** The primary's commands are about to come over this socket, in this database. */
  beginSession(socket: PrimarySocket, db: number): PrimarySession;
  /** Writes what was applied to the append-only file: what is acknowledged must outlive this process. */
  keep(): void;
  /** Our own replicas have to ask again. */
  disconnectReplicas(): void;
  /** The state of the link has changed: who may read and write what follows from it. */
  changed(): void;
  /** The answer to PSYNC has come (or none will): a failover is over. Null: no answer yet, the attempt failed. */
  answered(kind: "full" | "continue" | "refused" | null): void;
}

/** none: a primary. connect: nothing under way. The others in order. */
export type LinkPhase = "none" | "connect" | "connecting" | "handshake" | "sync" | "connected";

/** Who is followed. */
export interface PrimaryAddress {
  readonly host: string;
  readonly port: number;
}

/** An attempt is over; why, the log says already. */
class NoReason extends Error {}

/** See the file comment. */
export class Replica {
  primary: PrimaryAddress | null = null;
  phase: LinkPhase = "none";
  /** Monotonic milliseconds since which the link has been down; 0 while it is up. */
  downSinceMs = 0;
  /** The file of a full resync: bytes so far, and in all (0: not known). */
  syncReadBytes = 0;
  syncTotalBytes = 0;
  /** PSYNC asks the primary to change places with us. */
  requestsFailover = false;
  readonly #stream: ReplicationStream;
  readonly #host: ReplicaHost;
  #socket: PrimarySocket | null = null;
  /** Counts attempts: a step of an older one finds another number and stops. */
  #attempt = 0;
  /** Whether what we have is a prefix of some history: a partial resync may be asked for. */
  #resumable = false;
  /** The database that the stream had selected at our offset. */
  #db = 0;
  #session: PrimarySession | null = null;
  #connectingSinceMs = 0;
  #loadingFile = false;

  constructor(stream: ReplicationStream, host: ReplicaHost) {
    this.#stream = stream;
    this.#host = host;
  }

  /** Monotonic milliseconds of the last byte from the primary; 0 without a link. */
  get lastReadMs(): number {
    return this.#socket?.lastReadMs ?? 0;
  }

  /** The database that the primary has selected, for the notes in files. */
  get db(): number {
    return this.#session?.db ?? this.#db;
  }

  /** Bytes of the stream received and not applied yet. */
  get unapplied(): number {
    return this.#unapplied;
  }

  #unapplied = 0;

  // -- Whom to follow -------------------------------------------------------------------------------------------

  /** Follows this primary from now on. `resumable`: what we have may be a part of its history. */
  follow(primary: PrimaryAddress, resumable: boolean, db = 0): void {
    this.#leave();
    this.primary = primary;
    this.#resumable ||= resumable;
    if (resumable) this.#db = db;
    this.#setPhase("connect");
    this.connect();
  }

  /** Follows nobody: a primary from now on. */
  unfollow(): void {
    this.#leave();
    this.primary = null;
    this.#discardPlace();
    this.downSinceMs = 0;
    this.#setPhase("none");
  }

  /** Ends the link; cron will make a new one. */
  disconnect(): void {
    this.#socket?.close();
  }

  /** The link is no longer wanted. */
  #leave(): void {
    if (this.phase === "connected") {
      this.#host.warning("Connection with master lost.");
      this.#host.notice("Caching the disconnected master state.");
      this.downSinceMs = this.#host.monotonicMs();
    }
    this.#drop();
  }

  /** Nothing that we have can be continued any more. */
  #discardPlace(): void {
    if (this.#resumable) this.#host.notice("Discarding previously cached master state.");
    this.#resumable = false;
  }

  #drop(): void {
    this.#attempt++;
    this.#socket?.close();
    this.#socket = null;
    this.#endSession();
    this.#unapplied = 0;
  }

  #setPhase(phase: LinkPhase): void {
    this.phase = phase;
    this.#host.changed();
  }

  // -- One attempt ----------------------------------------------------------------------------------------------

  /** Connects, now. `announcement`: what the log says of it, if not the usual. */
  connect(announcement?: string): void {
    if (this.phase !== "connect" || this.primary === null) return;
    const attempt = ++this.#attempt;
    const { host, port } = this.primary;
    this.#host.notice(announcement ?? `Connecting to MASTER ${host}:${port}`);
    this.#host.notice("MASTER <-> REPLICA sync started");
    this.#connectingSinceMs = this.#host.monotonicMs();
    this.#setPhase("connecting");
    this.#run(attempt).catch((error) => this.#failed(attempt, error)).then(() => this.#ended(attempt));
  }

  async #run(attempt: number): Promise<void> {
    const raw = await this.#host.connect(this.primary!.host, this.primary!.port);
    if (attempt !== this.#attempt) return raw.close();
    const socket = this.#socket = new PrimarySocket(
      raw,
      () => this.#host.monotonicMs(),
      (bytes) => this.#host.received(bytes),
    );
    this.#host.notice("Non blocking connect for SYNC fired the event.");
    this.#setPhase("handshake");
    await introduce(socket, this.#host.settings, this.#host);
    await this.#synchronize(attempt, socket);
    if (attempt !== this.#attempt) return;
    await this.#applyStream(attempt, socket);
  }

  #failed(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt || error instanceof NoReason) return;
    const expected = error instanceof LinkLost || error instanceof HandshakeError;
    const message = messageOf(error);
    if (this.phase === "connected") this.#host.warning("Connection with master lost.");
    else if (this.phase === "connecting") {
      const reason = message.replace(/ \(os error \d+\)$/, "");
      this.#host.warning(`Error condition on socket for SYNC: ${reason}`);
    } else if (this.phase === "handshake" && error instanceof LinkLost) {
      this.#host.warning("Master did not respond to command during SYNC handshake");
    } else this.#host.warning(expected ? message : `Failed to sync with MASTER: ${message}`);
  }

  /** An attempt is over, well or not: the next one follows at once if it had got to the data, and else with the cron. */
  #ended(attempt: number): void {
    if (attempt !== this.#attempt) return;
    const wasConnected = this.phase === "connected", wasSyncing = this.phase === "sync";
    if (wasConnected) {
      this.#host.notice("Caching the disconnected master state.");
      this.downSinceMs = this.#host.monotonicMs();
    } else this.#host.answered(null);
    this.#drop();
    if (this.primary === null) return;
    this.#setPhase("connect");
    if (!wasConnected && !wasSyncing) return;
    const how = wasSyncing ? " after failure" : "";
    this.connect(`Reconnecting to MASTER ${this.primary.host}:${this.primary.port}${how}`);
  }

  #endSession(): void {
    if (this.#session === null) return;
    this.#db = this.#session.db;
    this.#session.end();
    this.#session = null;
  }

  // -- Getting in step ------------------------------------------------------------------------------------------

  async #synchronize(attempt: number, socket: PrimarySocket): Promise<void> {
    const stream = this.#stream, host = this.#host;
    const from = this.#resumable ? { id: stream.id, offset: stream.offset + 1 } : null;
    host.notice(
      from === null
        ? "Partial resynchronization not possible (no cached master)"
        : `Trying a partial resynchronization (request ${from.id}:${from.offset}).`,
    );
    const answer = await askToSync(socket, from, this.requestsFailover);
    if (attempt !== this.#attempt) return;
    switch (answer.kind) {
      case "later":
        host.notice(`Master is currently unable to PSYNC but should be in the future: ${answer.why}`);
        throw new NoReason();
      case "refused":
        if (this.requestsFailover) {
          // Before the failover is given up, which ends this attempt.
          host.warning(`Unexpected reply to PSYNC from master: ${answer.why}`);
          host.answered("refused");
          throw new NoReason();
        }
        host.warning(
          answer.why.startsWith("-ERR")
            ? `Master does not support PSYNC or is in error state (reply: ${answer.why})`
            : `Unexpected reply to PSYNC from master: ${answer.why}`,
        );
        host.notice("Retrying with SYNC...");
        socket.inline("SYNC");
        return await this.#receiveAll(attempt, socket, NO_ID, 0);
      case "nameless":
        host.warning("Master replied with wrong +FULLRESYNC syntax.");
        host.answered("full");
        return await this.#receiveAll(attempt, socket, NO_ID, 0);
      case "continue":
        host.answered("continue");
        return this.#continue(answer.id);
      case "full":
        host.notice(`Full resync from master: ${answer.id}:${answer.offset}`);
        host.answered("full");
        await this.#receiveAll(attempt, socket, answer.id, answer.offset);
    }
  }

  #continue(id: string): void {
    const stream = this.#stream, host = this.#host;
    host.notice("Successful partial resynchronization with master.");
    if (id !== "" && id !== stream.id) {
      stream.continueAs(id);
      host.warning(`Master replication ID changed to ${id}`);
      host.disconnectReplicas();
    }
    host.notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
    if (stream.backlog === null) stream.createBacklog();
  }

  async #receiveAll(attempt: number, socket: PrimarySocket, id: string, offset: number): Promise<void> {
    const stream = this.#stream, host = this.#host;
    this.syncReadBytes = this.syncTotalBytes = 0;
    // Where there is no place for the file the next attempt is left to the cron: each costs the primary a snapshot.
    const file = host.spool();
    this.#setPhase("sync");
    const form = await payloadForm(socket).catch(async (error) => {
      await file.discard();
      throw error;
    });
    const isMarked = "mark" in form;
    if (!isMarked) this.syncTotalBytes = form.length;
    const what = isMarked ? "streamed RDB from master with EOF" : `${form.length} bytes from master`;
    host.notice(`MASTER <-> REPLICA sync: receiving ${what} ${file.isOnDisk ? "to disk" : "to parser"}`);
    let isLoading = !file.isOnDisk;
    try {
      file.begin(this.syncTotalBytes, id === stream.id, () => this.#giveUpHistory());
      await receivePayload(
        socket,
        form,
        { write: (piece) => this.#whileLoading(socket, file.write(piece)) },
        (bytes) => this.syncReadBytes += bytes,
      );
      if (attempt !== this.#attempt) return;
      isLoading = true;
      this.#db = await this.#whileLoading(socket, file.load());
    } catch (error) {
      if (!isLoading || attempt !== this.#attempt) throw error;
      host.warning(messageOf(error));
      throw new HandshakeError(
        `Failed trying to load the MASTER synchronization DB from ${
          file.isOnDisk ? "disk" : "socket"
        }, check server logs.`,
      );
    } finally {
      await file.discard();
    }
    if (attempt !== this.#attempt) return;
    stream.adopt(id, offset);
    stream.forgetOlder();
    stream.createBacklog();
    this.#resumable = id !== NO_ID;
    host.notice("MASTER <-> REPLICA sync: Finished with success");
    // A primary that streamed its file sends nothing more before it knows that we have found its end.
    if (isMarked) socket.command("REPLCONF", "ACK", String(stream.offset));
  }

  /** The primary is not read meanwhile, so that its silence means nothing. */
  async #whileLoading<T>(socket: PrimarySocket, work: Promise<T>): Promise<T> {
    this.#loadingFile = true;
    try {
      return await work;
    } finally {
      this.#loadingFile = false;
      socket.heard();
    }
  }

  /** What we had is gone: our replicas have to start over, and so have we if we do not get anything in its place. */
  #giveUpHistory(): void {
    this.#discardPlace();
    this.#host.disconnectReplicas();
    this.#stream.dropBacklog();
    this.#stream.beginHistory();
  }

  // -- The stream -----------------------------------------------------------------------------------------------

  async #applyStream(attempt: number, socket: PrimarySocket): Promise<void> {
    const stream = this.#stream;
    this.downSinceMs = 0;
    this.#resumable = stream.id !== NO_ID;
    this.#setPhase("connected");
    const session = this.#session = this.#host.beginSession(socket, this.#db);
    const reader = new RequestReader(this.#host.limits);
    /** Bytes read by the reader up to which everything is passed on. */
    let passed = 0;
    /** Bytes of a transaction that is not complete. */
    let held: Uint8Array[] = [];
    const pass = (): void => {
      const upTo = reader.parsedBytes;
      const bytes = reader.recent(upTo - passed);
      passed = upTo;
      if (session.inTransaction) return void held.push(bytes.slice());
      for (const earlier of held) stream.proxy(earlier);
      if (held.length > 0) held = [];
      stream.proxy(bytes);
    };
    try {
      for await (const _ of reader.batches(socket)) {
        this.#unapplied = reader.totalBytes - passed;
        while (attempt === this.#attempt && reader.parse(session.frame)) {
          while (session.held !== null) await session.held;
          if (attempt !== this.#attempt) return;
          session.execute();
          if (attempt !== this.#attempt) return;
          pass();
        }
        if (attempt !== this.#attempt) return;
        // Line feeds between commands belong to the stream as well.
        pass();
        this.#unapplied = reader.totalBytes - passed;
        session.endBatch();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new LinkLost(`Protocol error from master: ${error.text}`);
    }
    throw new LinkLost("Connection with master lost.");
  }

  /** Tells the primary how far we are. */
  acknowledge(): void {
    if (this.phase !== "connected") return;
    this.#host.keep();
    this.#socket?.command("REPLCONF", "ACK", String(this.#stream.offset));
  }

  /** Whether there is something that a partial resync could continue. */
  get hasHistory(): boolean {
    return this.#resumable && this.#stream.id !== NO_ID;
  }

  // -- Once a second --------------------------------------------------------------------------------------------

  /** Called about once a second. */
  cron(): void {
    const { phase } = this;
    if (phase === "none") return;
    if (phase === "connect") return this.connect();
    if (phase === "connecting") return this.#limitConnecting();
    // The primary is not read while its file is loaded, so that its silence means nothing; ours must not alarm it.
    if (this.#loadingFile) return this.#socket?.newline();
    const silentMs = this.#host.monotonicMs() - this.lastReadMs;
    if (this.#socket !== null && silentMs > this.#host.settings.replTimeout * 1000) {
      this.#host.warning(
        phase === "connected"
          ? "MASTER timeout: no data nor PING received..."
          : phase === "sync"
          ? "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in " +
            "redis.conf to a larger value."
          : "Timeout connecting to the MASTER...",
      );
      this.disconnect();
    }
    this.acknowledge();
  }

  /** A connection that neither comes about nor fails (a host that drops packets) is given up. */
  #limitConnecting(): void {
    if (this.#host.monotonicMs() - this.#connectingSinceMs <= this.#host.settings.replTimeout * 1000) return;
    this.#host.warning("Timeout connecting to the MASTER...");
    this.#drop();
    this.#setPhase("connect");
  }
}
