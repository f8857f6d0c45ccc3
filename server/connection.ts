/**
 * One client's connection: takes batches of requests, runs them, sends their replies in one go.
 *
 * Why a small write that the kernel does not take at once is not awaited: the next read can begin meanwhile. Why a large one is: a client that is slow to read should not be read from. Why not for ever: a client may send a long
 * pipeline before it reads its first reply; were we to wait for it to read, both would wait for ever. So a write that the
 * kernel does not take soon is left to itself and reading goes on ({@link Connection.unstall}), until so much output is
 * pending that the client must be slowed down.
 *
 * Replies are written into the client's buffer; while one buffer is being sent, the next replies go into another.
 */

import { ProtocolError, RequestReader } from "../resp.ts";
import { latin1 } from "../types/bytes.ts";
import { quoted } from "../types/quoting.ts";
import { traceOf } from "../util/errors.ts";
import { type Channel, channelOf, type Receiver, type Socket } from "./channel.ts";
import type { Client, Transport } from "./client.ts";
import type { Waiting } from "./commit.ts";
import { LEAST_OUTPUT_BYTES, ReplyRoom } from "./reply_room.ts";
import type { RedisServer } from "./server.ts";

/** Replies of one batch above this many bytes are sent before more requests run. */
const BATCH_OUTPUT = 256 * 1024;
/** A client with this much pending output is not read from until it takes some of it. */
const BACKPRESSURE_BYTES = 256 * 1024 * 1024;
/** A write of more bytes is awaited before the next read. */
const AWAITED_WRITE = 64 * 1024;
/** Reply buffers above this size are given up when empty. */
const KEPT_BUFFER = 512 * 1024;

const NOTHING = new Uint8Array(0);

/** Replies may pile up to this many bytes for a client that has not logged in: it shall cost next to nothing. */
const UNAUTHENTICATED_OUTPUT = 16 * 1024;

/** Bytes of a request that the log shows where it broke the protocol, and where it was too long. */
const SHOWN_BREACH = 128;
const SHOWN_OVERFLOW = 64;

/** A client's socket and buffers. */
export class Connection implements Transport, Waiting, Receiver {
  readonly peer: string;
  readonly local: string;
  readonly fd: number;
  client!: Client;
  readonly #server: RedisServer;
  readonly #channel: Channel;
  readonly #reader: RequestReader;
  #sending = false;
  /** The buffer being sent, and then the spare one. Most clients never need it. */
  #spare: Uint8Array = NOTHING;
  /** Bytes of it not yet taken, and where they end. */
  #sendBytes = 0;
  #sendEnd = 0;
  #sent: Promise<void> | null = null;
  /** A buffer that was sent from, and what was sent of it. */
  #viewed: Uint8Array = NOTHING;
  #view: Uint8Array = NOTHING;
  /** The replies wait for the append-only file (server/commit.ts). */
  #uncommitted = false;
  /** Called when that wait, or the connection, is over. */
  #onCommit: (() => void) | null = null;
  /** The reading loop waits for a write; resolves that wait. */
  #proceed: (() => void) | null = null;
  #stalledTicks = 0;
  #closed = false;
  #processing = false;
  /** {@link resume} stopped because the output had grown large: it goes on when that is sent. */
  #more = false;
  bytesWritten = 0;
  readonly replyRoom: ReplyRoom;
  /** {@link wakeSoon} has been called and not yet kept. */
  #woken = false;

  constructor(server: RedisServer, socket: Socket, peer: string, local: string, fd: number) {
    this.#server = server;
    this.#channel = channelOf(socket, server);
    this.peer = peer;
    this.local = local;
    this.fd = fd;
    this.replyRoom = new ReplyRoom();
    this.#reader = new RequestReader(server.readerLimits);
  }

  get bytesRead(): number {
    return this.#reader.totalBytes;
  }

  get midRequest(): boolean {
    return this.#processing || this.#reader.midRequest;
  }

  get queryBytes(): number {
    return this.#processing ? this.#reader.received : this.#reader.pending;
  }

  get queryDeclared(): number {
    return this.#reader.declared;
  }

  get queryCapacity(): number {
    return this.#reader.capacity;
  }

  get outputBytes(): number {
    return this.client.out.pos + this.#sendBytes;
  }

  get outputCapacity(): number {
    return this.client.out.buf.length + this.#spare.length;
  }

  /** Serves the client until it goes. */
  run(): void {
    this.#channel.start(this.#reader, this);
  }

  /** See {@link Receiver}. Never throws. */
  received(count: number): Promise<void> | null {
    const { stats } = this.#server;
    stats.reads++;
    stats.netInputBytes += count;
    this.client.lastInteraction = this.#server.nowMs;
    try {
      for (;;) {
        const more = this.#process();
        const length = this.client.out.pos;
        if (length > 0 && length <= AWAITED_WRITE && !more && !this.client.closeAfterReply) {
          this.#server.wakeUps.answerSoon(this);
          return null;
        }
        const wait = length > 0 ? this.#answer() : null;
        if (wait !== null || this.client.closeAfterReply) return this.#receivedLater(wait, more);
        if (!more || this.#closed) return null;
      }
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  /** The rest of {@link received} where the replies are more than the client takes, or the last ones. */
  async #receivedLater(wait: Promise<void> | null, more: boolean): Promise<void> {
    try {
      if (wait !== null) await wait;
      while (more && !this.#closed) {
        more = this.#process();
        if (this.client.out.pos > 0) await this.#answer();
      }
      if (!this.client.closeAfterReply) return;
      await this.#drained();
      this.#goodbye();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** See {@link Receiver}. */
  ended(error: unknown): void {
    if (error !== undefined) return this.#fail(error);
    if (!this.#closed && !this.client.closeAfterReply) {
      this.#server.stats.reads++; // the one that brought the end
      this.#tell("Client closed connection");
    }
    this.#goodbye();
  }

  /** A reset by the peer is everyday; anything else would be a fault of ours. */
  #fail(error: unknown): void {
    if (!isDisconnect(error)) this.#server.log.warning(`BUG: connection ${this.peer}: ${traceOf(error)}`);
    this.#goodbye();
  }

  /** Sends the replies written so far. A promise where that should be waited for before more requests are read. */
  #answer(): Promise<void> | null {
    if (this.#overLimit()) return null;
    this.#release();
    if (this.#uncommitted) return this.client.out.pos > AWAITED_WRITE ? this.#whenAnswered() : null;
    return this.#sent !== null && this.#sendBytes > AWAITED_WRITE ? this.#settled() : null;
  }

  async #whenAnswered(): Promise<void> {
    await this.#whenCommitted();
    if (this.#sent !== null && this.#sendBytes > AWAITED_WRITE) await this.#settled();
  }

  /** Runs the complete requests in the buffer. True where it stopped only because the output has grown large. */
  #process(): boolean {
    const client = this.client;
    if (this.#reader.overLimit) this.#overflow();
    if (this.#processing || client.idle) return false;
    this.#processing = true;
    this.#server.timer.begin();
    try {
      const { acl } = this.#server;
      this.#reader.unauthenticated = acl.mustLogIn(client);
      while (this.#reader.parse(client.args)) {
        this.#server.dispatcher.process(client);
        if (client.idle) return false;
        if (client.out.pos > BATCH_OUTPUT) return true;
        this.#reader.unauthenticated = acl.mustLogIn(client);
      }
      if (!this.#reader.midRequest) client.args.trim(); // else they hold what came of the next request
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#reportBreach(error);
      client.reply.error(error.text);
      this.#server.errorStats.count(error.text);
      client.closeAfterReply = true;
    } finally {
      this.#processing = false;
      this.#server.timer.end();
      if (this.#server.clientEviction.active) this.#server.clientEviction.check(client);
      this.#server.wakeUps.afterBatch(this.#reader.filled);
    }
    return false;
  }

  /** A line of the log about this client, where such lines are wanted. */
  #tell(what: string): void {
    const { log } = this.#server;
    if (log.enabled("verbose")) log.verbose(`${what} ${this.#server.describeClient(this.client)}`);
  }

  /** The client broke the protocol: the log shows what it sent. */
  #reportBreach({ reason }: ProtocolError): void {
    const { log } = this.#server;
    if (!log.enabled("verbose")) return;
    const client = this.#server.describeClient(this.client);
    const sample = shown(this.#reader.unparsed(SHOWN_BREACH)).replace(/[^ -~]/g, ".");
    log.verbose(
      `Protocol error (${reason}) from client: ${client}. Query buffer during protocol error: '${sample}'`,
    );
  }

  /** Enforces client-output-buffer-limit: true where the client was closed for it. */
  #overLimit(): boolean {
    const pending = this.outputBytes;
    this.replyRoom.note(pending);
    const { outputLimits, acl } = this.#server;
    const stranger = pending > UNAUTHENTICATED_OUTPUT && acl.mustLogIn(this.client);
    if (!stranger && !outputLimits.exceeded(this.client, pending)) return false;
    const line = this.#server.describeClient(this.client);
    this.#server.log.warning(
      `Client ${line} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    this.#server.kill(this.client);
    return true;
  }

  #overflow(): void {
    const line = this.#server.describeClient(this.client);
    const first = quoted(shown(this.#reader.unparsed(SHOWN_OVERFLOW)));
    this.#server.log.warning(
      `Closing client that reached max query buffer length: ${line} (qbuf initial bytes: ${first})`,
    );
    this.client.closed = true;
    this.destroy();
  }

  /** Requests that came in while the client was blocked or paused may run now. */
  resume(): void {
    do {
      if (this.#closed) return;
      this.#more = this.#process();
      this.wake();
    } while (this.#more && this.client.out.pos === 0 && !this.#sending); // else {@link #done} goes on
  }

  /** Sends what was appended to the replies outside of the client's own turn. */
  wake(): void {
    this.#woken = false;
    if (this.#closed || this.client.out.pos === 0) return;
    if (this.#overLimit()) return;
    this.#release();
    if (this.client.closeAfterReply) this.#drained().then(() => this.destroy());
  }

  wakeSoon(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    this.#server.wakeUps.wakeSoon(this);
  }

  /** Sends the replies written so far, when what was executed before them is in the append-only file. */
  #release(): void {
    if (this.#uncommitted) return;
    if (this.client.replica) return this.#refuseReplica();
    const { commits } = this.#server;
    if (commits === null || !commits.isNeeded) return this.#send();
    this.#uncommitted = true;
    commits.add(this);
  }

  /** A replica that is answered would take the answer for a part of the stream. */
  #refuseReplica(): void {
    const name = this.client.lastCommand?.fullName ?? "<unknown>";
    const line = this.#server.describeClient(this.client);
    this.#server.log.warning(`Replica generated a reply to command '${name}', disconnecting it: ${line}`);
    this.client.reply.rewind(0);
    this.#server.kill(this.client);
  }

  /** See {@link CommitQueue.add}. */
  committed(): void {
    this.#uncommitted = false;
    this.#send();
    this.#onCommit?.();
    this.#onCommit = null;
  }

  #whenCommitted(): Promise<void> {
    const before = this.#onCommit;
    return new Promise((resolve) =>
      this.#onCommit = () => {
        before?.();
        resolve();
      }
    );
  }

  /** Fulfilled when no replies are left to send. */
  async #drained(): Promise<void> {
    while (!this.#closed) {
      if (this.#uncommitted) await this.#whenCommitted();
      else if (this.#sent !== null) await this.#sent;
      else break;
    }
  }

  /**
   * Sends bytes that are no replies (a file, the replication stream) behind the replies written so far; true when the
   * kernel has taken them, false where the connection is gone. One call at a time.
   */
  async send(bytes: Uint8Array): Promise<boolean> {
    while (!this.#closed && (this.#sending || this.client.out.pos > 0)) {
      this.#release();
      if (this.#uncommitted) await this.#whenCommitted();
      await this.#sent;
    }
    if (this.#closed) return false;
    this.#sending = true;
    this.#sendBytes = bytes.length;
    await (this.#sent = this.#write(bytes, bytes.length));
    return !this.#closed;
  }

  /** Sends the replies written so far, unless a write is under way: that one goes on with them. */
  #send(): void {
    if (this.#sending || this.#closed) return;
    const reply = this.client.out;
    const length = reply.pos;
    if (length === 0) return;
    this.replyRoom.note(length);
    this.#sendBytes = this.#sendEnd = length;
    const full = reply.buf;
    // Most replies are as long as the one before: one view serves them all.
    if (this.#viewed !== full || this.#view.length !== length) {
      this.#viewed = full;
      this.#view = full.subarray(0, length);
    }
    const taken = this.#channel.write(this.#view);
    if (taken === length) {
      reply.pos = 0;
      this.#count(length);
      if (full.length > KEPT_BUFFER) reply.buf = new Uint8Array(LEAST_OUTPUT_BYTES);
      this.client.overSoftLimitSince = 0; // all is taken
      return;
    }
    reply.buf = this.#spare === NOTHING ? new Uint8Array(LEAST_OUTPUT_BYTES) : this.#spare;
    reply.pos = 0;
    this.#spare = full;
    this.#sending = true;
    this.#sent = (taken as Promise<number>).then(this.#taken, this.#failed);
  }

  /** The kernel took `count` bytes of what {@link #send} gave it: usually all. */
  #taken = (count: number): void | Promise<void> => {
    this.#count(count);
    if (this.#sendBytes > 0) return this.#write(this.#spare, this.#sendEnd);
    this.#done();
  };

  #failed = (): void => {
    this.destroy();
    this.#done();
  };

  #count(written: number): void {
    this.#sendBytes -= written;
    this.bytesWritten += written;
    const { stats } = this.#server;
    stats.writes++;
    if (this.client.replica) stats.replOutputBytes += written;
    else stats.netOutputBytes += written;
  }

  /** Sends the last {@link #sendBytes} bytes before `end`. */
  async #write(bytes: Uint8Array, end: number): Promise<void> {
    try {
      while (this.#sendBytes > 0) {
        this.#count(await this.#channel.write(bytes.subarray(end - this.#sendBytes, end)));
      }
    } catch {
      this.destroy();
    }
    this.#done();
  }

  #done(): void {
    this.#sending = false;
    this.#sendBytes = 0;
    this.#sent = null;
    if (this.#spare.length > KEPT_BUFFER) this.#spare = NOTHING;
    if (this.client.out.pos > 0) return this.#release();
    this.client.overSoftLimitSince = 0; // all is taken
    if (this.#more) this.resume();
  }

  /** Waits until what was sent has gone out, or until {@link unstall} says that reading should go on meanwhile. */
  #settled(): Promise<void> {
    const sent = this.#sent!;
    return new Promise((resolve) => {
      this.#proceed = resolve;
      this.#stalledTicks = 0;
      sent.then(resolve);
    });
  }

  /**
   * Called by the cron: lets the reading loop go on where a write has been stuck since the last call, and enforces the
   * output limits.
   */
  unstall(): void {
    if (!this.#sending || this.#overLimit()) return;
    if (this.#proceed !== null && ++this.#stalledTicks > 1 && this.outputBytes < BACKPRESSURE_BYTES) {
      const proceed = this.#proceed;
      this.#proceed = null;
      proceed();
    }
  }

  /** Buffers of a client that has become quiet are given up. */
  resizeBuffers(nowMs: number): void {
    const { replyBuffers, stats } = this.#server;
    const { out: reply } = this.client;
    const change = this.replyRoom.fit(nowMs, reply.pos, replyBuffers);
    if (change < 0) stats.bufferShrinks++;
    else if (change > 0) stats.bufferExpands++;
    if (!replyBuffers.resizing || this.#sending || reply.pos > 0) return;
    const wanted = Math.max(LEAST_OUTPUT_BYTES, this.replyRoom.needed);
    if (reply.buf.length >= wanted * 2) reply.buf = new Uint8Array(wanted);
    if (this.#spare.length >= wanted * 2) this.#spare = NOTHING;
  }

  /** Closes the socket now; pending replies are lost. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.client.closed = true;
    this.#proceed?.();
    this.#onCommit?.();
    this.#channel.close();
  }

  #goodbye(): void {
    this.destroy();
    this.#server.forget(this.client);
  }
}

function shown(bytes: Uint8Array): string {
  return latin1(bytes, 0, bytes.length);
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.TimedOut;
}
