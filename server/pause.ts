/** CLIENT PAUSE: requests that are held back until a point in time, and their release. */

import type { Args } from "../commands/args.ts";
import { Flag } from "../commands/table.ts";
import type { Command } from "../commands/table.ts";
import type { Client } from "./client.ts";
import type { Clock } from "./clock.ts";

/** What is held back: commands that may change data or replicate, or all of them. */
export type PauseMode = "write" | "all";

/** The pause of one server, and the clients it holds. */
export class Pauses {
  /** True while a pause is in force. */
  active = false;
  mode: PauseMode = "all";
  readonly #clock: Clock;
  #until = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #held = new Set<Client>();
  readonly #run: (client: Client, args: Args) => void;

  /** `run` executes a request that was held back, as if it came in now. */
  constructor(clock: Clock, run: (client: Client, args: Args) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Holds commands back for `ms` milliseconds; a running pause is only made longer and stricter. */
  pause(mode: PauseMode, ms: number): void {
    const until = this.#clock.monoMs() + ms;
    this.mode = this.active && this.mode === "all" ? "all" : mode;
    this.#until = Math.max(this.active ? this.#until : 0, until);
    this.active = true;
    this.#arm();
  }

  /** Ends the pause now and runs what was held back, in order of arrival. */
  unpause(): void {
    if (!this.active) return;
    this.active = false;
    clearTimeout(this.#timer);
    const held = [...this.#held];
    this.#held.clear();
    for (const client of held) this.#release(client);
  }

  /** True where this command of this client has to wait. */
  holds(client: Client, command: Command): boolean {
    if (client.replica || client.primary) return false;
    if (this.mode === "all") return true;
    if ((command.flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0) return true;
    return command.fullName === "exec" && client.transaction !== null &&
      client.transaction.queue.some((q) => (q.command.flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0);
  }

  /** Keeps the client's current request for later. */
  postpone(client: Client): void {
    client.postponed = client.args.copy();
    this.#held.add(client);
  }

  /** Clients held back now. */
  get heldCount(): number {
    return this.#held.size;
  }

  /** The client is gone. */
  forget(client: Client): void {
    this.#held.delete(client);
  }

  #release(client: Client): void {
    const args = client.postponed;
    client.postponed = null;
    if (args === null || client.closed) return;
    this.#run(client, args);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const delay = Math.min(Math.ceil(Math.max(0, this.#until - this.#clock.monoMs())), 2147483647);
    this.#timer = setTimeout(() => {
      if (this.#clock.monoMs() >= this.#until) this.unpause();
      else this.#arm();
    }, delay);
  }

  /** Stops the timer. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
