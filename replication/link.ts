/**
 * A replica as its primary sees it: what it told about itself, how far it is, and the loop that sends it the stream.
 */
import type { Backlog } from "./backlog.ts";
import type { ReplicationStream } from "./stream.ts";

/** The socket of a replica. */
export interface LinkTransport {
  /** `ip:port` of the other end. */
  readonly peer: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Sends bytes behind everything sent so far; false where the connection is gone. */
  send(bytes: Uint8Array): Promise<boolean>;
  destroy(): void;
}

/** The client that a replica came as. */
export interface LinkClient {
  readonly id: number;
  readonly transport: LinkTransport | null;
  replica: boolean;
  closed: boolean;
}

/**
 * idle: not a replica yet, it has only told about itself. waiting: for a snapshot to begin. snapshot: for its file to
 * be complete. transfer: the file is being sent. online: the stream is.
 */
export type LinkState = "idle" | "waiting" | "snapshot" | "transfer" | "online";

/** One replica of this server. */
export class ReplicaLink {
  state: LinkState = "idle";
  readonly client: LinkClient;
  /** REPLCONF listening-port and ip-address. */
  port = 0;
  announcedIp = "";
  /** REPLCONF capa. */
  understandsEof = false;
  understandsPsync2 = false;
  /** It came with SYNC: it sends no acknowledgements. */
  old = false;
  /** Its file comes straight from the snapshot, and not from the disk. */
  isDirect = false;
  /** REPLCONF rdb-only, rdb-filter-only. */
  rdbOnly = false;
  withoutKeys = false;
  withoutFunctions = false;
  /** Offset up to which the stream was sent. */
  sent = 0;
  /** Offset that it has acknowledged itself; that its file was sent does not say that it has loaded it. */
  acked = 0;
  /** Monotonic milliseconds of the last acknowledgement. */
  ackedAtMs = 0;
  /** Monotonic milliseconds at which it began to wait. */
  waitingSinceMs = 0;
  /** The stream begins with the next acknowledgement: before it, bytes would be taken for a part of the snapshot. */
  startsOnAck = false;
  /** Monotonic milliseconds since which the soft output limit is exceeded; 0: it is not. */
  overSoftSinceMs = 0;
  /** Bytes that had come from it when cron looked last. */
  bytesSeen = 0;
  /** Bytes that it had taken when cron looked last, and monotonic milliseconds at which it had taken any. */
  bytesTaken = 0;
  tookAtMs = 0;
  /** Calls of {@link send} that are not over. */
  #outstanding = 0;
  #pumping = false;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(client: LinkClient) {
    this.client = client;
  }

  /** What the log and ROLE call it. */
  get ip(): string {
    if (this.announcedIp !== "") return this.announcedIp;
    const peer = this.client.transport?.peer ?? "";
    return peer.slice(0, Math.max(0, peer.lastIndexOf(":"))).replace(/^\[(.*)\]$/, "$1");
  }

  get name(): string {
    return `${this.ip}:${this.port || "<unknown-replica-port>"}`;
  }

  /** The state as INFO shows it. */
  get shownState(): string {
    if (this.state === "online") return "online";
    return this.state === "transfer" && !this.isDirect ? "send_bulk" : "wait_bgsave";
  }

  /** Bytes that wait to be sent. */
  pendingBytes(stream: ReplicationStream): number {
    return this.state === "idle" || this.state === "waiting" ? 0 : stream.offset - this.sent;
  }

  /** Blocks of the kept stream that it has not been sent to the end. */
  pendingBlocks(backlog: Backlog): number {
    return this.state === "idle" || this.state === "waiting" ? 0 : backlog.blocksFrom(this.sent);
  }

  /** Whether it is being sent something that it has not taken yet. */
  get hasOutput(): boolean {
    return this.#outstanding > 0;
  }

  /** Sends bytes in the order of the calls. False where the replica is gone. */
  send(bytes: Uint8Array): Promise<boolean> {
    const sent = this.#sendBehind(this.#sending, bytes);
    this.#sending = sent;
    return sent;
  }

  async #sendBehind(earlier: Promise<unknown>, bytes: Uint8Array): Promise<boolean> {
    this.#outstanding++;
    await earlier;
    const isSent = await (this.client.transport?.send(bytes) ?? false);
    this.#outstanding--;
    return isSent;
  }

  /** Sends what the stream holds beyond {@link sent}, until nothing is left. */
  async pump(stream: ReplicationStream): Promise<void> {
    if (this.#pumping || this.state !== "online" || this.startsOnAck) return;
    this.#pumping = true;
    while (!this.client.closed && stream.backlog !== null && this.sent < stream.offset) {
      const piece = stream.backlog.view(this.sent);
      if (!(await this.send(piece))) break;
      this.sent += piece.length;
    }
    this.#pumping = false;
  }

  /** Ends the connection. */
  close(): void {
    this.client.closed = true;
    this.client.transport?.destroy();
  }
}
