/**
 * Requests that are held back until a point in time, and their release: by CLIENT PAUSE, while this server hands over to
 * a replica, while it waits for replicas before it ends, while keys move to another server. Each of these ends without
 * an end to the others.
 */

import { Flag } from "../commands/table.ts";
import type { Command } from "../commands/table.ts";
import type { Client } from "./client.ts";
import type { Clock } from "./clock.ts";

/** What is held back: commands that may change data or replicate, or all of them. */
export type PauseMode = "write" | "all";

/** Who holds requests back. */
export type PauseReason = "client" | "failover" | "shutdown" | "migration";

/** The pause of one server, and the clients it holds. */
export class Pauses {
  /** True while a pause is in force. */
  active = false;
  mode: PauseMode = "all";
  readonly #clock: Clock;
  readonly #reasons = new Map<PauseReason, { mode: PauseMode; until: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #held = new Set<Client>();
  readonly #release: (client: Client) => void;
  readonly #ended: () => void;
  readonly #busy: () => boolean;

  /**
   * @param release has the request that a client is held with run once nothing else runs, as if it came in then
   * @param ended nothing is held back any more
   * @param busy a script is in the middle of its work: what was held back stays so until {@link releaseHeld}
   */
  constructor(
    clock: Clock,
    release: (client: Client) => void,
    ended: () => void,
    busy: () => boolean,
  ) {
    this.#clock = clock;
    this.#release = release;
    this.#ended = ended;
    this.#busy = busy;
  }

  /** Holds commands back for `ms` milliseconds; a pause for the same reason is only made longer and stricter. */
  pause(reason: PauseReason, mode: PauseMode, ms: number): void {
    const until = this.#clock.monoMs() + ms;
    const before = this.#reasons.get(reason);
    this.#reasons.set(reason, {
      mode: before?.mode === "all" ? "all" : mode,
      until: Math.max(before?.until ?? 0, until),
    });
    this.#adopt();
  }

  /** Ends the pause for this reason. When no other is left, what was held back runs, in order of arrival. */
  unpause(reason: PauseReason): void {
    if (this.#reasons.delete(reason)) this.#adopt();
  }

  /** What is in force follows from all reasons. */
  #adopt(): void {
    this.active = this.#reasons.size > 0;
    this.mode = "write";
    for (const { mode } of this.#reasons.values()) if (mode === "all") this.mode = "all";
    clearTimeout(this.#timer);
    if (this.active) return this.#arm();
    this.releaseHeld();
    this.#ended();
  }

  /** Releases what was held back, in order of arrival, unless a pause is in force or a script is busy. */
  releaseHeld(): void {
    if (this.active || this.#busy()) return;
    const held = [...this.#held];
    this.#held.clear();
    for (const client of held) this.#release(client);
  }

  /** True where this command of this client, with these flags, has to wait. */
  holds(client: Client, command: Command, flags: number): boolean {
    if (client.replica || client.primary) return false;
    if (this.mode === "all") return true;
    if ((flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0) return true;
    return command.fullName === "exec" && client.transaction !== null &&
      client.transaction.queue.some((queued) => (queued.flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0);
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

  #arm(): void {
    let until = Infinity;
    for (const reason of this.#reasons.values()) until = Math.min(until, reason.until);
    if (until === Infinity) return;
    const delay = Math.min(Math.ceil(Math.max(0, until - this.#clock.monoMs())), 2147483647);
    this.#timer = setTimeout(() => {
      const now = this.#clock.monoMs();
      for (const [reason, { until }] of this.#reasons) if (now >= until) this.#reasons.delete(reason);
      this.#adopt();
    }, delay);
  }

  /** Stops the timer. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
