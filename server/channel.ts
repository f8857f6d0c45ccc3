/**
 * How a connection's bytes come and go: the one interface over the two ways that the runtime has.
 *
 * Sockets that answer with promises (TLS, unix sockets, whatever tests make) are read by a loop over the reader, and take
 * turns (server/turns.ts). TCP sockets, which nearly all clients use, are read by callbacks: server/direct_channel.ts.
 */

import type { RequestReader } from "../resp.ts";
import { DirectChannel } from "./direct_channel.ts";
import type { Turns } from "./turns.ts";

/** A socket of Deno, or anything shaped like it. */
export interface Socket {
  read(into: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  /** Tells the other side that nothing more will come; a socket without it says so when it is closed. */
  closeWrite?(): Promise<void>;
  close(): void;
}

/** Who is told of what came in. */
export interface Receiver {
  /** So many bytes more are in the reader. Where a promise is returned, reading goes on when it is fulfilled. */
  received(count: number): Promise<void> | null;
  /** Nothing more will come: the other side has said so, or reading failed with this error. Called once. */
  ended(error: unknown): void;
}

/** Both directions of a connection. */
export interface Channel {
  /** Begins to read, and goes on until the end or {@link close}. Called once. */
  start(reader: RequestReader, receiver: Receiver): void;
  /**
   * Sends bytes, which stay as they are until that is done: how many the kernel has taken, usually at once.
   * Rejected where the connection is gone. One call at a time.
   */
  write(bytes: Uint8Array): number | Promise<number>;
  /** Tells the other side and closes; what the kernel has not taken is lost. */
  close(): void;
}

/** What {@link channelOf} needs of the server. */
export interface ChannelHost {
  readonly turns: Turns;
  /** Connected clients. */
  readonly clients: { readonly size: number };
}

/** The best channel that there is for a socket, which belongs to it from now on. */
export function channelOf(socket: Socket, host: ChannelHost): Channel {
  return DirectChannel.over(socket, host) ?? new PromisedChannel(socket, host);
}

/** A socket that answers with promises. */
class PromisedChannel implements Channel {
  readonly #socket: Socket;
  readonly #host: ChannelHost;
  #closed = false;

  constructor(socket: Socket, host: ChannelHost) {
    this.#socket = socket;
    this.#host = host;
  }

  async start(reader: RequestReader, receiver: Receiver): Promise<void> {
    const { turns, clients } = this.#host;
    try {
      for await (const count of reader.batches(this.#socket)) {
        const wait = receiver.received(count);
        if (wait !== null) await wait;
        if (this.#closed) return;
        if (turns.spend(count, clients.size)) await new Promise<void>((resolve) => turns.wait(resolve));
      }
      receiver.ended(undefined);
    } catch (error) {
      receiver.ended(error);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#socket.write(bytes);
  }

  /**
   * The runtime gives the descriptor back only when the read under way has been called off, some callbacks later; whoever
   * killed this client may have its reply by then. Clients look whether their connection still stands before they use it
   * again, so the other side is told at once.
   */
  close(): void {
    this.#closed = true;
    try {
      this.#socket.closeWrite?.().catch(() => {});
      this.#socket.close();
    } catch {
      // Closed by the other side already.
    }
  }
}
