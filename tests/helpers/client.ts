/**
 * A raw RESP client for tests: it sends exactly the bytes it is told to and hands back exactly the frames that came,
 * so a test can see what a friendly client library would hide (null bulk or null array, push or reply, order, excess).
 */
import { concat, encodeCommand, FrameReader, show } from "./resp.ts";
import type { Arg, Frame, Reply } from "./resp.ts";

/** How long a reply may take before a test fails: generous, since a busy machine is no defect. Milliseconds. */
export const REPLY_TIMEOUT_MS = 20_000;

const CLOSED: Frame = { raw: new Uint8Array(0), value: { type: "closed" } };

/** Thrown when nothing came in time. */
export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** Runs `promise` with a time limit in milliseconds; the timer does not outlive the call. */
export function withTimeout<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** Waits `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Waiter {
  resolve(frame: Frame): void;
  reject(error: unknown): void;
}

/** One connection. Use `await using client = await RawClient.connect(port)`, or call `close()`. */
export class RawClient {
  readonly #conn: Deno.Conn;
  readonly #reader = new FrameReader();
  readonly #frames: Frame[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #pump: Promise<void>;
  #failure: unknown = undefined;
  #ended = false;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#pump = this.#run();
  }

  /** Connects to a TCP port on this machine, or to a unix socket when `target` is a path. */
  static async connect(target: number | string, hostname = "127.0.0.1"): Promise<RawClient> {
    if (typeof target === "string") {
      return new RawClient(await Deno.connect({ transport: "unix", path: target }));
    }
    const conn = await Deno.connect({ port: target, hostname });
    conn.setNoDelay(true);
    return new RawClient(conn);
  }

  /** A client over a connection that somebody else made (a listener's, for a test that plays the server's part). */
  static over(conn: Deno.Conn): RawClient {
    return new RawClient(conn);
  }

  /** True once the server has closed the connection (and every frame before that was received). */
  get ended(): boolean {
    return this.#ended;
  }

  /** Frames received and not read yet. */
  get unread(): readonly Frame[] {
    return this.#frames;
  }

  /** Bytes received that do not make a whole frame yet. */
  get partial(): Uint8Array {
    return this.#reader.pending;
  }

  async #run(): Promise<void> {
    const chunk = new Uint8Array(65536);
    try {
      while (true) {
        const count = await this.#conn.read(chunk);
        if (count === null) break;
        for (const frame of this.#reader.push(chunk.subarray(0, count))) this.#deliver(frame);
      }
    } catch (error) {
      // A reset is how a server closes on us with bytes in flight; anything else (bad protocol) is for the reader.
      if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource)) {
        if (!(error instanceof Deno.errors.Interrupted)) this.#failure = error;
      }
    }
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) this.#finish(waiter);
  }

  #deliver(frame: Frame): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(frame);
    else this.#frames.push(frame);
  }

  #finish(waiter: Waiter): void {
    if (this.#failure !== undefined) waiter.reject(this.#failure);
    else waiter.resolve(CLOSED);
  }

  /** Sends bytes as they are. A connection that the server has closed swallows them: the next read says "closed". */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Sends one command as an array of bulk strings, without waiting for its reply. */
  send(...args: Arg[]): Promise<void> {
    return this.write(encodeCommand(args));
  }

  /** The next frame, pushes included; a frame of type "closed" at the end of the connection. */
  read(timeoutMs: number = REPLY_TIMEOUT_MS): Promise<Frame> {
    const frame = this.#frames.shift();
    if (frame) return Promise.resolve(frame);
    return new Promise<Frame>((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      if (this.#ended) return this.#finish(waiter);
      const timer = setTimeout(() => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        reject(new TimeoutError(`no reply within ${timeoutMs} ms`));
      }, timeoutMs);
      waiter.resolve = (frame) => {
        clearTimeout(timer);
        resolve(frame);
      };
      waiter.reject = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.#waiters.push(waiter);
    });
  }

  /** Reads an RDB file as a primary sends it: a bulk string's header, the bytes, no CRLF. */
  async readFile(timeoutMs: number = REPLY_TIMEOUT_MS): Promise<Uint8Array> {
    const deadline = Date.now() + timeoutMs;
    while (true) {
      const file = this.#reader.takeFile();
      if (file) return file;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended || Date.now() > deadline) throw new TimeoutError(`no file within ${timeoutMs} ms`);
      await sleep(2);
    }
  }

  /** Sends a command and returns the next frame. */
  async frame(...args: Arg[]): Promise<Frame> {
    await this.send(...args);
    return this.read();
  }

  /** Sends a command and returns the next reply, parsed. */
  async call(...args: Arg[]): Promise<Reply> {
    return (await this.frame(...args)).value;
  }

  /** The integer that a command answers with, exact below 2^53. Throws where it answers otherwise. */
  async integer(...args: Arg[]): Promise<number> {
    const reply = await this.call(...args);
    if (reply.type !== "integer") throw new Error(`${args.join(" ")}: ${show(reply)}`);
    return Number(reply.value);
  }

  /** A number of INFO. Throws where there is none of that name. */
  async infoNumber(name: string): Promise<number> {
    const reply = await this.call("INFO", "everything");
    const found = "text" in reply ? new RegExp(`^${name}:(-?[0-9.]+)`, "m").exec(reply.text) : null;
    if (found === null) throw new Error(`INFO has no number ${name}`);
    return Number(found[1]);
  }

  /** Sends all commands in one write and returns as many frames. */
  async pipeline(commands: readonly (readonly Arg[])[]): Promise<Frame[]> {
    const frames: Frame[] = [];
    // Written while reading: a long pipeline deadlocks when both socket buffers are full and nobody reads.
    const written = this.write(concat(commands.map(encodeCommand)));
    for (let i = 0; i < commands.length; i++) frames.push(await this.read());
    await written;
    return frames;
  }

  /** Waits `ms` and throws if a frame or part of one arrived: "the server says nothing". */
  async expectSilence(ms: number): Promise<void> {
    await sleep(ms);
    if (this.#frames.length > 0 || this.#reader.pending.length > 0) {
      throw new Error("expected silence, got " + JSON.stringify(this.#frames.map((f) => f.value.type)));
    }
  }

  /** Closes the connection and waits until its reader has ended. */
  async close(): Promise<void> {
    try {
      this.#conn.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await this.#pump;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.NotConnected;
}
