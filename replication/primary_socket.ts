/**
 * The connection to our primary as bytes: lines first, then a file, then the stream, all out of one buffer, since the
 * primary may send the end of one and the beginning of the next in one segment.
 */
import { fromLatin1, latin1 } from "../types/bytes.ts";
import { encodeWords } from "./stream.ts";

/** A TCP connection of Deno, or anything shaped like it. */
export interface RawSocket {
  read(into: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  close(): void;
  /** This end of it, where it is known. */
  readonly localAddr?: Deno.Addr;
}

const READ_BYTES = 64 * 1024;
/** A line longer than this is none of the protocol's. */
const MAX_LINE_BYTES = 64 * 1024;
const LF = 10, CR = 13;

/** The primary has gone away. */
export class LinkLost extends Error {
  override name = "LinkLost";
}

/** See the file comment. */
export class PrimarySocket {
  readonly #socket: RawSocket;
  readonly #nowMs: () => number;
  #buf = new Uint8Array(READ_BYTES);
  #start = 0;
  #end = 0;
  #closed = false;
  #writing: Promise<unknown> = Promise.resolve();
  /** Monotonic milliseconds of the last byte that came. */
  lastReadMs: number;
  bytesRead = 0;
  bytesWritten = 0;

  readonly #received: (bytes: number) => void;

  /** `received` hears of all bytes that come. */
  constructor(socket: RawSocket, nowMs: () => number, received: (bytes: number) => void) {
    this.#socket = socket;
    this.#nowMs = nowMs;
    this.#received = received;
    this.lastReadMs = nowMs();
  }

  /** `ip:port` of this end; empty where the socket has none. */
  get local(): string {
    const address = this.#socket.localAddr;
    return address?.transport === "tcp" ? `${address.hostname}:${address.port}` : "";
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From now on it is reckoned how long the primary has been silent. */
  heard(): void {
    this.lastReadMs = this.#nowMs();
  }

  /** Reads what is there, at least one byte; null at the end. What was read ahead comes first. */
  async read(into: Uint8Array): Promise<number | null> {
    const ahead = this.#end - this.#start;
    if (ahead > 0) {
      const count = Math.min(ahead, into.length);
      into.set(this.#buf.subarray(this.#start, this.#start + count));
      this.#start += count;
      return count;
    }
    if (this.#closed) return null;
    let count: number | null;
    try {
      count = await this.#socket.read(into);
    } catch {
      count = null;
    }
    if (count === null || this.#closed) return null;
    this.lastReadMs = this.#nowMs();
    this.bytesRead += count;
    this.#received(count);
    return count;
  }

  /** Gives bytes back that were read too far. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const rest = this.#buf.slice(this.#start, this.#end);
    this.#buf = new Uint8Array(Math.max(READ_BYTES, bytes.length + rest.length));
    this.#buf.set(bytes);
    this.#buf.set(rest, bytes.length);
    this.#start = 0;
    this.#end = bytes.length + rest.length;
  }

  /** The next line without its end. Rejects with LinkLost. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#buf.subarray(0, this.#end).indexOf(LF, this.#start);
      if (at >= 0) {
        const stop = at > this.#start && this.#buf[at - 1] === CR ? at - 1 : at;
        const text = latin1(this.#buf, this.#start, stop);
        this.#start = at + 1;
        return text;
      }
      await this.#fill();
    }
  }

  /** The next line that is not empty: empty ones only say that the primary is still there. */
  async nextLine(): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (line !== "") return line;
    }
  }

  async #fill(): Promise<void> {
    if (this.#end - this.#start > MAX_LINE_BYTES) {
      throw new LinkLost("the primary sends a line without an end");
    }
    const rest = this.#buf.slice(this.#start, this.#end);
    this.#start = this.#end = 0;
    const room = new Uint8Array(rest.length + READ_BYTES);
    const count = await this.read(room.subarray(rest.length));
    room.set(rest);
    this.#buf = room;
    this.#end = rest.length + (count ?? 0);
    if (count === null) throw new LinkLost("the connection was closed");
  }

  /** Sends a command of ASCII words. */
  command(...words: readonly string[]): void {
    this.#send(fromLatin1(encodeWords(words)));
  }

  /** Sends a command of one word, as the oldest primaries want it. */
  inline(word: string): void {
    this.#send(fromLatin1(`${word}\r\n`));
  }

  /** Sends a sign of life that is no command. */
  newline(): void {
    this.#send(fromLatin1("\n"));
  }

  #send(bytes: Uint8Array): void {
    this.#writing = this.#writing.then(() => this.#write(bytes)).catch(() => this.close());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#closed;) {
      const count = await this.#socket.write(bytes.subarray(at));
      at += count;
      this.bytesWritten += count;
    }
  }

  /** Sends a command and waits for the line that answers it. */
  ask(...words: readonly string[]): Promise<string> {
    this.command(...words);
    return this.nextLine();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#socket.close();
    } catch {
      // Closed by the other side already.
    }
  }
}
