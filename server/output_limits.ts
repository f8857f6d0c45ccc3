/**
 * client-output-buffer-limit: a client that does not take its replies is closed when they pass a hard limit at once, or a
 * soft limit for some seconds. Normal clients have no limit by default, subscribers and replicas do.
 */

import type { Client } from "./client.ts";
import { clientType } from "./client_info.ts";
import type { Clock } from "./clock.ts";
import type { Config, OutputBufferLimit } from "./config.ts";

/** Output below this is nobody's concern, whatever the limits: it spares the look-up on the usual path. */
const NEVER_CHECKED_BELOW = 1024;

/** The limits of one server. */
export class OutputLimits {
  readonly #config: Config;
  readonly #clock: Clock;
  /** Since when (monotonic ms) a client has been over its soft limit. */
  readonly #since = new WeakMap<Client, number>();

  constructor(config: Config, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** True where a client with `pending` bytes of output must be closed. */
  exceeded(client: Client, pending: number): boolean {
    if (pending < NEVER_CHECKED_BELOW) return false;
    const limit = this.#limitOf(client);
    if (limit.hard > 0 && pending >= limit.hard) return true;
    if (limit.soft === 0 || pending < limit.soft) {
      if (limit.soft > 0) this.#since.delete(client);
      return false;
    }
    const now = this.#clock.monoMs();
    const since = this.#since.get(client);
    if (since === undefined) this.#since.set(client, now);
    return since !== undefined && now - since > limit.seconds * 1000;
  }

  #limitOf(client: Client): OutputBufferLimit {
    const limits = this.#config.clientOutputBufferLimit;
    const type = clientType(client);
    return type === "pubsub" ? limits.pubsub : type === "replica" ? limits.replica : limits.normal;
  }
}
