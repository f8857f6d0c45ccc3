/**
 * A TCP proxy that breaks connections: it passes bytes on as they come, and when it is told to, closes both ends, after
 * a part of a segment if one is under way, so that commands break in the middle.
 */

/** See the file comment. */
export class CuttingProxy {
  readonly port: number;
  readonly #listener: Deno.Listener;
  readonly #target: number;
  readonly #pairs = new Set<[Deno.Conn, Deno.Conn]>();
  readonly #pumps = new Set<Promise<void>>();
  /** The next segment from the target is passed on up to half, and then everything is cut. */
  #cutNext = false;
  /** Nobody is let in. */
  closed = false;
  cuts = 0;
  connections = 0;

  /** Listens on a free port and connects to `target` for each client. */
  constructor(target: number) {
    this.#target = target;
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
        this.#pumps.add(this.#pump(pair, client, server, false));
        this.#pumps.add(this.#pump(pair, server, client, true));
      }
    } catch {
      // The listener was closed.
    }
  }

  async #pump(
    pair: [Deno.Conn, Deno.Conn],
    from: Deno.Conn,
    to: Deno.Conn,
    cuttable: boolean,
  ): Promise<void> {
    const buf = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await from.read(buf);
        if (count === null) break;
        const isLast = cuttable && this.#cutNext;
        const end = isLast ? Math.ceil(count / 2) : count;
        for (let at = 0; at < end;) at += await to.write(buf.subarray(at, end));
        if (!isLast) continue;
        this.#cutNext = false;
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

  /** Breaks the connection in the middle of what the target sends next. */
  cutInTheMiddle(): void {
    this.#cutNext = true;
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
