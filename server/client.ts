/**
 * One client: its state in the protocol, apart from the socket it came through (server/connection.ts).
 *
 * Clients without a socket exist too: the loader of the append-only file, a replica's link, scripts.
 */

import { Args } from "../commands/args.ts";
import type { Block } from "../commands/block.ts";
import { Targets } from "../commands/context.ts";
import type { Command } from "../commands/table.ts";
import type { ReplicaLink } from "../replication/link.ts";
import { Reply } from "../resp.ts";
import type { Database } from "../store.ts";
import type { User } from "./acl_user.ts";
import type { ReplyRoom } from "./reply_room.ts";
import type { TrackingState } from "./tracking.ts";

/** A command waiting in a transaction. */
export interface Queued {
  command: Command;
  args: Args;
  /** The command's flags; of a script those that it declares (server/scripting.ts). */
  flags: number;
}

/** The state of MULTI. */
export interface Transaction {
  queue: Queued[];
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  aborted: boolean;
  /** Bytes of the queued arguments, for CLIENT LIST. */
  bytes: number;
}

/** A key watched by a client. */
export interface Watched {
  db: Database;
  key: Uint8Array;
  /** The key's time had already come when it was watched: its deletion is no change. */
  wasExpired: boolean;
}

/** What a blocked client waits for, and how it goes on. */
export interface Waiting {
  block: Block;
  command: Command;
  args: Args;
  db: Database;
  /** Monotonic milliseconds at which the wait runs out; Infinity without a limit. */
  deadline: number;
  /** Arrival order among all waiting clients. */
  order: number;
}

/** What a client's socket can do; null for clients without one. */
export interface Transport {
  /** `ip:port` of either end, or the path of a unix socket. */
  readonly peer: string;
  readonly local: string;
  /** A number for CLIENT LIST's fd. */
  readonly fd: number;
  /** Replies were appended outside of the client's own turn: send them. */
  wake(): void;
  /** As {@link wake}, when the requests that are being run are over: what they all append leaves in one write. */
  wakeSoon(): void;
  /** Requests that came in while the client was blocked or paused may run now. */
  resume(): void;
  /** Lets reading go on past a write that is stuck; called by the cron. */
  unstall(): void;
  /** Fits the size of the reply buffers to what was needed of late; called by the cron. */
  resizeBuffers(nowMs: number): void;
  /** Sends bytes behind the replies written so far; true when they are gone, false where the connection is. */
  send(bytes: Uint8Array): Promise<boolean>;
  /** Sends nothing more and closes now. */
  destroy(): void;
  /** Bytes of replies not yet taken by the kernel. */
  readonly outputBytes: number;
  /** Bytes of the output buffers, allocated. */
  readonly outputCapacity: number;
  /** A request is being received or run: its arguments, as far as they are known, are the client's. */
  readonly midRequest: boolean;
  /** Bytes in the read buffer, those of the requests being run included; and the buffer's size. */
  readonly queryBytes: number;
  readonly queryCapacity: number;
  /** Length of the argument that is coming in, as declared; 0 between arguments. */
  readonly queryDeclared: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Its reply buffer as CLIENT LIST shows it; null for links that have none. */
  readonly replyRoom: ReplyRoom | null;
}

/**
 * CLIENT REPLY: whether replies are sent, and what becomes of that when the request is over. SKIP_NEXT becomes SKIP, SKIP
 * and ON_AGAIN become ON; SKIP_WAITING stays until the client that waits has had its reply.
 */
export const ReplyMode = { ON: 0, OFF: 1, SKIP: 2, SKIP_NEXT: 3, SKIP_WAITING: 4, ON_AGAIN: 5 } as const;

/** One client. */
export class Client {
  readonly id: number;
  readonly transport: Transport | null;
  /** What is sent: replies, and pushes, which CLIENT REPLY does not keep away. */
  readonly out = new Reply(1024);
  /** Where its replies are written: {@link out}, or a place that nobody reads. */
  reply = this.out;
  args = new Args();
  db: Database;
  user: User;
  authenticated: boolean;
  name = "";
  /** Unix ms. */
  readonly created: number;
  /** Unix ms of the last request. */
  lastInteraction: number;
  /** Name of the last command for CLIENT LIST, NULL before the first. */
  lastCommand: Command | null = null;
  commands = 0;
  transaction: Transaction | null = null;
  readonly watched: Watched[] = [];
  /** A watched key was touched: EXEC answers null. */
  dirtyCas = false;
  waiting: Waiting | null = null;
  /** A request held back by CLIENT PAUSE. */
  postponed: Args | null = null;
  replyMode: number = ReplyMode.ON;
  /** Close once the replies are sent. */
  closeAfterReply = false;
  /** The socket is gone or is being closed: nothing more is run for it. */
  closed = false;
  /** Since when (monotonic ms) its pending output has been over the soft limit; 0: it is not. */
  overSoftLimitSince = 0;
  /** CLIENT NO-EVICT. */
  noEvict = false;
  /** MONITOR. */
  monitor = false;
  /** A link to one of our replicas. */
  replica = false;
  /** What it told about itself as a replica; owned by server/replication.ts. */
  link: ReplicaLink | null = null;
  /** Offset of the replication stream behind its last write: what WAIT waits for. */
  writeOffset = 0;
  /** The link to our primary: its writes run although we are read-only, and are not answered. */
  primary = false;
  /** Its commands come from the append-only file or an RDB, not from a client. */
  loader = false;
  /** On whose behalf the commands of a script run; null for all who are no script. */
  caller: Client | null = null;
  /** Who gets the effects of its commands, where it is a script: {@link Targets}. */
  targets: number = Targets.ALL;
  /** It has asked for the debugger of scripts, which does not exist here. */
  debugsScripts = false;
  /** Its command has been put aside and goes on later ({@link Suspension}). */
  suspended = false;
  /** Channels, patterns and shard channels subscribed to, by latin1 name; owned by server/pubsub.ts. */
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();
  /** CLIENT TRACKING state; owned by server/tracking.ts. */
  tracking: TrackingState | null = null;

  constructor(id: number, transport: Transport | null, db: Database, user: User, now: number) {
    this.id = id;
    this.transport = transport;
    this.db = db;
    this.user = user;
    this.authenticated = user.passwordless;
    this.created = now;
    this.lastInteraction = now;
  }

  /** 2 or 3, for replies and pushes. */
  set protocol(version: number) {
    this.out.protocol = this.reply.protocol = version;
  }

  /** Its replies are sent again, this request's too. */
  answerAgain(): void {
    this.replyMode = this.reply === this.out ? ReplyMode.ON : ReplyMode.ON_AGAIN;
  }

  /** A request is over, and CLIENT REPLY has been used: where the next replies go. */
  settleReplies(): void {
    const { reply, out } = this;
    if (this.replyMode === ReplyMode.SKIP && this.waiting !== null) this.replyMode = ReplyMode.SKIP_WAITING;
    else if (this.replyMode === ReplyMode.OFF || this.replyMode === ReplyMode.SKIP_NEXT) {
      if (this.replyMode === ReplyMode.SKIP_NEXT) this.replyMode = ReplyMode.SKIP;
      if (reply === out) {
        this.reply = new Reply(64);
        this.reply.protocol = out.protocol;
      }
    } else if (this.replyMode !== ReplyMode.SKIP_WAITING) {
      if (this.replyMode === ReplyMode.ON_AGAIN) out.raw(reply.buf.subarray(0, reply.pos));
      this.replyMode = ReplyMode.ON;
      this.reply = out;
    }
    if (reply !== out) reply.rewind(0);
  }

  /** True where no request may run now: it waits, is held back, or is going. */
  get idle(): boolean {
    return this.waiting !== null || this.postponed !== null || this.closed || this.closeAfterReply ||
      this.suspended;
  }

  /** True where it is on this machine: what "local" means in enable-debug-command and its like. */
  get local(): boolean {
    const peer = this.transport?.peer;
    return peer === undefined || /^(127\.0\.0\.1:|\[::1\]:|\/)/.test(peer);
  }

  /** True while subscribed to anything. */
  get subscribed(): boolean {
    return this.channels.size + this.patterns.size + this.shardChannels.size > 0;
  }

  /** True where only (un)subscribing, PING, QUIT and RESET are allowed: subscribed in RESP2. */
  get restricted(): boolean {
    return this.reply.protocol === 2 && this.subscribed;
  }
}
