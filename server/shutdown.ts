/**
 * The orderly end: SHUTDOWN and signals. Replicas are given some time to get what they have not got yet, while writes
 * are held back; then the data set goes to disk, and if that works the process ends.
 */

import { lagSeconds } from "../replication/primary.ts";
import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** How a shutdown is done. */
export interface ShutdownOptions {
  /** Whether the data set is saved: "default" where the save points decide. */
  save: "yes" | "no" | "default";
  /** Replicas are not waited for. */
  now: boolean;
  /** What cannot be saved is no reason to go on. */
  force: boolean;
}

/** A shutdown that waits for replicas. */
interface Waiting {
  readonly options: ShutdownOptions;
  /** Monotonic milliseconds at which it waits no longer. */
  readonly deadline: number;
  /** Whoever asked is told false where it comes to nothing. */
  readonly tell: ((ended: boolean) => void)[];
}

const FAILED = "ERR Errors trying to SHUTDOWN. Check logs.";

/** The shutdown of one server. */
export class Shutdown {
  readonly #server: RedisServer;
  readonly #end: () => void;
  #waiting: Waiting | null = null;
  #ended = false;

  /** `end` closes everything and ends the process. */
  constructor(server: RedisServer, end: () => void) {
    this.#server = server;
    this.#end = end;
  }

  /** Milliseconds until it goes on without the replicas that it waits for; -1 where it waits for none. */
  get remainingMs(): number {
    return this.#waiting === null ? -1 : Math.max(0, this.#waiting.deadline - this.#server.clock.monoMs());
  }

  /**
   * Begins; true once the server has ended, false where it goes on: the data set cannot be saved, another shutdown is
   * under way, or this one was aborted.
   */
  begin(options: ShutdownOptions): Promise<boolean> | boolean {
    const { log, loading, config, pauses, clock, replication } = this.#server;
    if (this.#ended) return true;
    if (this.#waiting !== null) return false;
    if (loading) options = { ...options, save: "no" }; // half a data set must not replace the whole one on disk
    log.warning("User requested shutdown...");
    if (options.now || config.shutdownTimeout === 0 || this.#lagging().length === 0) {
      return this.#finish(options);
    }
    log.notice("Waiting for replicas before shutting down.");
    pauses.pause("shutdown", "write", Infinity);
    replication.primary.askForAcks();
    const tell: Waiting["tell"] = [];
    this.#waiting = { options, deadline: clock.monoMs() + config.shutdownTimeout * 1000, tell };
    return new Promise((resolve) => tell.push(resolve));
  }

  /** Gives up a shutdown that waits; false where there is none. */
  abort(): boolean {
    if (this.#waiting === null) return false;
    this.#server.log.notice("Shutdown manually aborted.");
    this.#stopWaiting(false);
    return true;
  }

  /** Called by the cron: a shutdown that waits may go on. */
  cron(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    if (this.#lagging().length > 0 && this.#server.clock.monoMs() < waiting.deadline) return;
    this.#stopWaiting(this.#finish(waiting.options));
  }

  /** SHUTDOWN failed: the client that asked for it and waits hears of it. */
  refuse(client: Client): void {
    if (client.closed) return;
    this.#server.replyError(client, FAILED);
    this.#server.blocking.unblock(client);
    this.#server.wakeUps.wake(client);
  }

  #stopWaiting(ended: boolean): void {
    const waiting = this.#waiting!;
    this.#waiting = null;
    if (!ended) this.#server.pauses.unpause("shutdown");
    for (const tell of waiting.tell) tell(ended);
  }

  /** Replicas that have not got everything. */
  #lagging() {
    const { primary, stream } = this.#server.replication;
    return [...primary.links].filter(({ acked }) => acked !== stream.offset);
  }

  #finish({ save, force }: ShutdownOptions): boolean {
    const { log, clock, replication, persistence } = this.#server;
    const lagging = this.#lagging();
    for (const link of lagging) {
      const lag = link.state === "online" ? lagSeconds(link, clock.monoMs()) : 0;
      log.warning(
        `Lagging replica ${link.name} reported offset ${
          replication.stream.offset - link.acked
        } behind master, lag=${lag}, state=${link.shownState}.`,
      );
    }
    const replicas = replication.primary.links.size;
    if (replicas > 0) {
      log.notice(`${replicas - lagging.length} of ${replicas} replicas are in sync when shutting down.`);
    }
    if (!persistence.shutdown(save, force)) {
      log.warning("Errors trying to shut down the server. Check the logs for more information.");
      return false;
    }
    this.#ended = true;
    this.#end();
    return true;
  }
}
