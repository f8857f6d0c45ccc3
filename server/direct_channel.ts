/**
 * A TCP connection read by callbacks: the runtime reads into our buffer, calls us, and writes what we answer at once.
 *
 * Why not the promises of `Deno.TcpConn`: each read and each write costs one, which is settled some rounds of callbacks
 * later. A request that came alone took 1.7 of 11 microseconds longer that way, and among hundreds of busy clients some waited
 * for seconds (server/turns.ts). The handle below is the one that `node:net` is built on; it takes over the socket
 * that `Deno.listen` accepted. It is no documented interface, so everything about it is in this file, it is looked for at
 * the start, and where it is missing (older runtimes, other systems) the promises do.
 *
 * The handle has a descriptor of its own for the socket. The first one stays open as long: closing it would end the
 * direction to the client.
 */

import process from "node:process";
import type { RequestReader } from "../resp.ts";
import type { Channel, ChannelHost, Receiver, Socket } from "./channel.ts";

/** What there is of a handle, as libuv names it. Functions return 0 or a negative error number. */
interface Handle {
  /** Called after each read, with what happened in the {@link Binding.state}. */
  onread: () => void;
  openFromRid(rid: number): number;
  /** Reads go to this buffer from now on. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  close(done: () => void): void;
}

interface WriteRequest {
  /** Called when a write is over that could not be ended at once, with 0 or an error number. */
  oncomplete: (status: number) => void;
}

/** The runtime's part of `node:net`. */
interface Binding {
  readonly TCP: new (type: number) => Handle;
  readonly WriteWrap: new () => WriteRequest;
  /** Results of the last call: bytes read or an error number, whether the last write goes on. */
  readonly state: Int32Array;
  readonly read: number;
  readonly isAsync: number;
}

/** A plain socket, neither a listener nor one for another process. */
const SOCKET = 0;
/** The end of a stream, as an error number. */
const END_OF_FILE = -4095;

const binding = findBinding();

/** A TCP socket whose reads and writes are calls. */
export class DirectChannel implements Channel {
  readonly #socket: Socket;
  readonly #host: ChannelHost;
  readonly #handle: Handle;
  readonly #binding: Binding;
  #reader!: RequestReader;
  #receiver!: Receiver;
  /** Where the runtime reads to. */
  #room: Uint8Array | null = null;
  /** Of the next write. */
  #request: WriteRequest;
  /** Ends the wait for the write under way. */
  #abandon: (() => void) | null = null;
  #closed = false;
  #ended = false;

  private constructor(socket: Socket, host: ChannelHost, handle: Handle, binding: Binding) {
    this.#socket = socket;
    this.#host = host;
    this.#handle = handle;
    this.#binding = binding;
    this.#request = new binding.WriteWrap();
  }

  /** Takes over a TCP socket of Deno. Null, and it is as before, where that is not possible. */
  static over(socket: Socket, host: ChannelHost): DirectChannel | null {
    const rid = binding === null ? undefined : resourceOf(socket);
    if (binding === null || rid === undefined) return null;
    const handle = new binding.TCP(SOCKET);
    if (handle.openFromRid(rid) === 0) return new DirectChannel(socket, host, handle, binding);
    handle.close(() => {}); // there are no descriptors left, for one
    return null;
  }

  start(reader: RequestReader, receiver: Receiver): void {
    this.#reader = reader;
    this.#receiver = receiver;
    this.#handle.onread = this.#read;
    this.#aim();
    this.#handle.readStart();
  }

  /** Something came, or nothing will. */
  readonly #read = (): void => {
    const count = this.#binding.state[this.#binding.read]!;
    if (this.#closed || count === 0) return;
    if (count < 0) {
      this.#handle.readStop();
      return this.#end(count === END_OF_FILE ? undefined : new Deno.errors.ConnectionReset());
    }
    this.#reader.arrived(count);
    const { turns, clients } = this.#host;
    const wait = this.#receiver.received(count);
    if (this.#closed) return;
    const isOver = turns.spend(count, clients.size);
    if (wait === null && !isOver) return this.#aim();
    this.#handle.readStop();
    if (!isOver) wait!.then(this.#readOn);
    else turns.wait(wait === null ? this.#readOn : () => void wait.then(this.#readOn));
  };

  readonly #readOn = (): void => {
    if (this.#closed) return;
    this.#aim();
    this.#handle.readStart();
  };

  /** The next bytes shall go where the reader wants them. */
  #aim(): void {
    const room = this.#reader.room();
    if (room === this.#room) return;
    this.#room = room;
    this.#handle.useUserBuffer(room);
  }

  write(bytes: Uint8Array): number | Promise<number> {
    const request = this.#request;
    const error = this.#handle.writeBuffer(request, bytes);
    if (error !== 0) return Promise.reject(new Deno.errors.BrokenPipe());
    if (this.#binding.state[this.#binding.isAsync] === 0) return bytes.length;
    this.#request = new this.#binding.WriteWrap();
    return new Promise((resolve, reject) => {
      this.#abandon = () => reject(new Deno.errors.BrokenPipe());
      request.oncomplete = (status) => {
        this.#abandon = null;
        if (status === 0) resolve(bytes.length);
        else reject(new Deno.errors.BrokenPipe());
      };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abandon?.();
    this.#handle.close(() => this.#end(undefined));
    this.#socket.close();
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#receiver.ended(error);
  }
}

/** The number under which the runtime knows a TCP socket, undefined for all others. */
function resourceOf(socket: Socket): number | undefined {
  if (!("setNoDelay" in socket) || "handshake" in socket) return undefined;
  const symbol = Object.getOwnPropertySymbols(socket).find((each) =>
    each.description === "Deno.internal.rid"
  );
  return symbol === undefined ? undefined : (socket as unknown as Record<symbol, number>)[symbol];
}

/**
 * Null where the runtime's handles are not as this file expects them; and on Windows, where a second descriptor for a socket
 * is made in another way, and this has not been tried.
 */
function findBinding(): Binding | null {
  if (Deno.build.os === "windows") return null;
  try {
    const { binding } = process as unknown as { binding(name: string): Record<string, unknown> };
    const { TCP } = binding("tcp_wrap") as { TCP: Binding["TCP"] };
    const { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = binding("stream_wrap") as {
      WriteWrap: Binding["WriteWrap"];
      streamBaseState: Int32Array;
      kReadBytesOrError: number;
      kLastWriteWasAsync: number;
    };
    const handle = new TCP(SOCKET);
    const methods = [
      "openFromRid",
      "useUserBuffer",
      "readStart",
      "readStop",
      "writeBuffer",
      "close",
    ] as const;
    const isComplete = methods.every((name) => typeof handle[name] === "function");
    handle.close(() => {});
    if (!isComplete || !(streamBaseState instanceof Int32Array) || typeof WriteWrap !== "function") {
      return null;
    }
    return { TCP, WriteWrap, state: streamBaseState, read: kReadBytesOrError, isAsync: kLastWriteWasAsync };
  } catch {
    return null;
  }
}
