/**
 * A connection of this process to itself: a byte sent through it comes in only after the runtime has asked the system for news
 * of all its sockets. That is the cheapest way to make it ask (some ten microseconds; the shortest timer rests for over a
 * millisecond). Two TCP sockets, because Deno has them on every system.
 */

/** Both ends. */
export class Loopback {
  readonly #near: Deno.TcpConn;
  readonly #far: Deno.TcpConn;
  readonly #out = new Uint8Array(1);
  /** Larger than what comes: after a read that fills it the runtime would first try again, without asking for news. */
  readonly #in = new Uint8Array(16);

  private constructor(near: Deno.TcpConn, far: Deno.TcpConn) {
    this.#near = near;
    this.#far = far;
  }

  /** Connects. @throws Error where the permission is lacking, or sockets */
  static async open(): Promise<Loopback> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const near = await Deno.connect({ hostname: "127.0.0.1", port });
    const own = near.localAddr.port;
    for (;;) {
      const far = await listener.accept();
      if (far.remoteAddr.port === own) {
        near.setNoDelay(true);
        return new Loopback(near, far);
      }
      far.close(); // a stranger was quicker
    }
  }

  /** Fulfilled when the runtime has looked at all sockets; rejected where the connection is closed. */
  async pass(): Promise<void> {
    await Promise.all([this.#far.read(this.#in), this.#near.write(this.#out)]);
  }

  /** Closes both ends. */
  close(): void {
    this.#near.close();
    this.#far.close();
  }
}
