/**
 * client-output-buffer-limit: a client that does not take its replies is closed when they pass a hard limit at once, or a
 * soft limit for some seconds. Normal clients have no limit by default, subscribers and replicas do.
 */

import type { Client } from "./client.ts";
import { clientType } from "./client_info.ts";
import { FIXED_OUTPUT_BYTES } from "./reply_room.ts";
import type { Clock } from "./clock.ts";
import type { Config, OutputBufferLimit } from "./config.ts";

/** The limits of one server. */
export class OutputLimits {
  readonly #config: Config;
  readonly #clock: Clock;

  constructor(config: Config, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** True where a client with `output` pending bytes must be closed. */
  exceeded(client: Client, output: number): boolean {
    const pending = output - FIXED_OUTPUT_BYTES;
    if (pending <= 0) {
      client.overSoftLimitSince = 0;
      return false;
    }
    const limit = this.#limitOf(client);
    if (limit.hard > 0 && pending >= limit.hard) return true;
    if (limit.soft === 0 || pending < limit.soft) {
      client.overSoftLimitSince = 0;
      return false;
    }
    const now = this.#clock.monoMs();
    if (client.overSoftLimitSince === 0) client.overSoftLimitSince = now;
    return now - client.overSoftLimitSince > limit.seconds * 1000;
  }

  #limitOf(client: Client): OutputBufferLimit {
    const limits = this.#config.clientOutputBufferLimit;
    const type = clientType(client);
    return type === "pubsub" ? limits.pubsub : type === "replica" ? limits.replica : limits.normal;
  }
}
