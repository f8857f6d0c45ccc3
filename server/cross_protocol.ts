/**
 * A web page can make the browser of somebody on this machine send HTTP to a port of it, with commands in the body. A request
 * that begins like HTTP therefore ends the connection before the rest of it is looked at.
 */

import type { Args } from "../commands/args.ts";
import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** Such requests come in floods; the log hears of one a minute. */
const QUIET_MS = 60_000;

/** True for the first words of HTTP requests with a body: "POST", and "Host:", which comes in each. */
export function isHttp(args: Args): boolean {
  return args.is(0, "POST") || args.is(0, "HOST:");
}

/** Closes the connections of browsers. */
export class CrossProtocol {
  readonly #server: RedisServer;
  #toldMs = -QUIET_MS;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** The client speaks HTTP: it is closed, without the replies that it has not got yet. */
  refuse(client: Client): void {
    const { clock, log } = this.#server;
    const now = clock.monoMs();
    if (now - this.#toldMs >= QUIET_MS) {
      this.#toldMs = now;
      log.warning(
        "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis, as a web page " +
          `does that was made to send HTTP here. Connection from ${
            client.transport?.peer ?? "nowhere"
          } aborted.`,
      );
    }
    this.#server.kill(client);
  }
}
