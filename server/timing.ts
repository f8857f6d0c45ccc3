/**
 * How long commands take, without asking the clock twice for each.
 *
 * A precise clock costs more here than a GET does. So a batch of requests is measured as a whole, and its commands share its
 * time equally; only the wall clock, which is cheap but counts whole milliseconds, is looked at after each. A command that
 * the wall clock noticed gets its own time. Where the slow log or the latency monitor must see less than that, and where
 * commands run outside of a batch, each is measured precisely.
 */

import type { Command } from "../commands/table.ts";
import type { Clock } from "./clock.ts";

/** From this many milliseconds on a command's own time is taken from the wall clock. */
export const NOTICEABLE_MS = 2;
/** Commands of one batch that share its time at most; then the share is settled early. */
const MAX_SHARED = 4096;

/** Takes the share of a command: milliseconds. */
export type Settle = (command: Command, tookMs: number) => void;

/** The stopwatch of one server. */
export class CommandTimer {
  /** Each command is measured precisely. */
  precise = false;
  /** Batches that have begun, ever. */
  batches = 0;
  readonly #clock: Clock;
  readonly #settle: Settle;
  readonly #shared: Command[] = [];
  #started = -1;
  #wall = 0;
  /** Milliseconds of the batch that belong to commands with a time of their own. */
  #own = 0;

  constructor(clock: Clock, settle: Settle) {
    this.#clock = clock;
    this.#settle = settle;
  }

  /** A batch of requests begins. */
  begin(): void {
    this.batches++;
    this.#started = this.#clock.monoMs();
    this.#wall = this.#clock.wallMs();
    this.#own = 0;
  }

  /**
   * Unix time in milliseconds for the command that is about to run: in a batch, as it was when the command before it was
   * over, which saves looking again.
   */
  now(): number {
    return this.#started >= 0 && !this.precise ? this.#wall : this.#clock.wallMs();
  }

  /** Before a command: what {@link stop} wants to have. */
  start(): number {
    return this.#started >= 0 && !this.precise ? -1 : this.#clock.monoMs();
  }

  /** After a command: milliseconds that it took, -1 where it shares its batch's. */
  stop(started: number): number {
    if (started >= 0) return this.#clock.monoMs() - started;
    const wall = this.#clock.wallMs();
    const took = wall - this.#wall;
    this.#wall = wall;
    // CONFIG SET that turns precision on is itself the first command to be seen.
    if (took < NOTICEABLE_MS && !this.precise) return -1;
    this.#own += took;
    return took;
  }

  /** A command shares the time of its batch. */
  share(command: Command): void {
    this.#shared.push(command);
    if (this.#shared.length >= MAX_SHARED) this.settle();
  }

  /** Hands out the shares so far, also before statistics are shown. */
  settle(): void {
    const count = this.#shared.length;
    if (count === 0) return;
    const now = this.#clock.monoMs();
    const each = Math.max(0, now - this.#started - this.#own) / count;
    for (const command of this.#shared) this.#settle(command, each);
    this.#shared.length = 0;
    this.#started = now;
    this.#own = 0;
  }

  /** The batch is over. */
  end(): void {
    this.settle();
    this.#started = -1;
  }
}
