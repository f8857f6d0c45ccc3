/**
 * A TCP proxy that breaks and delays connections: it passes bytes on in their order, after a while where it is told
 * to, and closes both ends on demand: between segments, or after a part of one, so that commands, acknowledgements and
 * handshakes break in the middle. What it holds back when it cuts is lost, as on a real line. It reorders nothing but
 * time.
 */
import { sleep } from "../helpers/client.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";

/** Which way bytes go: from the client that connected, or from the server behind the proxy. */
export type Direction = "fromClient" | "fromTarget";

/** See the file comment. */
export class CuttingProxy {
  readonly port: number;
  readonly #listener: Deno.Listener;
  readonly #target: number;
  readonly #random: SeededRandom;
  readonly #pairs = new Set<[Deno.Conn, Deno.Conn]>();
  readonly #pumps = new Set<Promise<void>>();
  /** The next segment that goes this way is passed on up to half, and then everything is cut. */
  #cutNext: Direction | null = null;
  /** Each segment is held back for up to so many milliseconds, drawn anew each time. */
  maxDelayMs = 0;
  /** Nobody is let in. */
  closed = false;
  cuts = 0;
  connections = 0;

  /** Listens on a free port and connects to `target` for each client. */
  constructor(target: number, seed = 1) {
    this.#target = target;
    this.#random = seededRandom(seed);
    this.#listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#pumps.add(this.#accept());
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        if (this.closed) {
          client.close();
          continue;
        }
        let server: Deno.Conn;
        try {
          server = await Deno.connect({ port: this.#target, hostname: "127.0.0.1" });
        } catch {
          client.close();
          continue;
        }
        this.connections++;
        const pair: [Deno.Conn, Deno.Conn] = [client, server];
        this.#pairs.add(pair);
        this.#pumps.add(this.#pump(pair, client, server, "fromClient"));
        this.#pumps.add(this.#pump(pair, server, client, "fromTarget"));
      }
    } catch {
      // The listener was closed.
    }
  }

  async #pump(
    pair: [Deno.Conn, Deno.Conn],
    from: Deno.Conn,
    to: Deno.Conn,
    direction: Direction,
  ): Promise<void> {
    const buf = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await from.read(buf);
        if (count === null) break;
        const isLast = this.#cutNext === direction;
        if (isLast) this.#cutNext = null;
        if (this.maxDelayMs > 0) await sleep(this.#random.below(this.maxDelayMs + 1));
        // A connection that was cut while its bytes were held back has lost them.
        if (!this.#pairs.has(pair)) return;
        const end = isLast ? Math.floor(count / 2) : count;
        for (let at = 0; at < end;) at += await to.write(buf.subarray(at, end));
        if (!isLast) continue;
        this.cuts++;
        break;
      }
    } catch {
      // One of the ends is gone.
    }
    this.#close(pair);
  }

  #close(pair: [Deno.Conn, Deno.Conn]): void {
    if (!this.#pairs.delete(pair)) return;
    for (const conn of pair) {
      try {
        conn.close();
      } catch {
        // Closed by the other side.
      }
    }
  }

  /** Breaks the connection in the middle of what is sent next in this direction. */
  cutInTheMiddle(direction: Direction = "fromTarget"): void {
    this.#cutNext = direction;
  }

  /** Breaks all connections now. */
  cut(): void {
    this.cuts++;
    for (const pair of [...this.#pairs]) this.#close(pair);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const pair of [...this.#pairs]) this.#close(pair);
    await Promise.all(this.#pumps);
  }
}
