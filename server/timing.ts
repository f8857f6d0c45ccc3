/**
 * How long commands take, without asking the clock twice for each.
 *
 * A precise clock costs more here than a GET does. So a batch of requests is measured as a whole, and its commands share its
 * time equally; and where batches come so thick that many begin within one millisecond, only the first of them are
 * measured, and in the others each command counts with its average so far. Beside that the wall clock is looked at, which
 * counts whole milliseconds: a command that it noticed gets its own time. That look, too, is a fifth of the time of a PING in a pipeline, so commands of which it is known that
 * they are brief (`brief` in their rows) go without; every sixteenth looks all the same, since the Unix time for expiry
 * comes from here. What passed until then was no command's doing (a collection, another process), and they share it.
 * Where the slow log or the latency monitor must see less than two milliseconds, and where commands run outside of a
 * batch, each is measured precisely.
 */

import type { Command } from "../commands/table.ts";
import type { Clock } from "./clock.ts";

/** From this many milliseconds on a command's own time is taken from the wall clock. */
export const NOTICEABLE_MS = 2;
/** Batches that are measured of those that begin within one millisecond. */
const MEASURED_BATCHES = 8;
/** Brief commands between two looks at the wall clock. */
const MOST_UNSEEN = 15;
/** Commands of one batch that share its time at most; then the share is settled early. */
const MAX_SHARED = 4096;

/** Takes the share of a command that ran so many times: milliseconds for each, -1 for its average so far. */
export type Settle = (command: Command, tookMs: number, times: number) => void;

/** The stopwatch of one server. */
export class CommandTimer {
  /** Each command is measured precisely. */
  precise = false;
  /** Batches that have begun, ever. */
  batches = 0;
  readonly #clock: Clock;
  readonly #settle: Settle;
  /** Commands that share the time of the batch, and how often each ran in a row. The lists keep their length. */
  readonly #shared: Command[] = [];
  readonly #times: number[] = [];
  #runs = 0;
  #count = 0;
  /** Brief commands since the last look at the wall clock. */
  #unseen = 0;
  /** A batch is going on. */
  #running = false;
  /** When it began, monotonic milliseconds; -1 where it is not measured. */
  #started = -1;
  /** Batches measured since the wall clock's last change. */
  #measured = 0;
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
    const wall = this.#clock.wallMs();
    if (wall !== this.#wall) {
      this.#wall = wall;
      this.#measured = 0;
    }
    this.#started = ++this.#measured <= MEASURED_BATCHES ? this.#clock.monoMs() : -1;
    this.#running = true;
    this.#own = 0;
    this.#unseen = 0;
  }

  /**
   * Unix time in milliseconds for the command that is about to run: in a batch, as it was at the last look, some
   * microseconds ago.
   */
  now(): number {
    return this.#running && !this.precise ? this.#wall : this.#clock.wallMs();
  }

  /** Before a command: what {@link stop} wants to have. `brief`: it will be no long one. */
  start(brief: boolean): number {
    if (!this.#running || this.precise) return this.#clock.monoMs();
    // What passed during the brief ones is not for the first long one to answer for.
    if (!brief && this.#unseen > 0) this.#look();
    return -1;
  }

  /** After a command: milliseconds that it took, -1 where it shares its batch's. `brief`: it was no long one. */
  stop(started: number, brief: boolean): number {
    if (started >= 0) return this.#clock.monoMs() - started;
    if (brief && this.#unseen < MOST_UNSEEN) {
      this.#unseen++;
      return -1;
    }
    const took = this.#look();
    // CONFIG SET that turns precision on is itself the first command to be seen.
    if (brief || (took < NOTICEABLE_MS && !this.precise)) return -1;
    this.#own += took;
    return took;
  }

  /** Looks at the wall clock. Returns the milliseconds since the last look. */
  #look(): number {
    const wall = this.#clock.wallMs();
    const passed = wall - this.#wall;
    if (passed !== 0) this.#measured = 0;
    this.#wall = wall;
    this.#unseen = 0;
    return passed;
  }

  /** A command shares the time of its batch. */
  share(command: Command): void {
    const last = this.#runs - 1;
    if (last >= 0 && this.#shared[last] === command) this.#times[last]!++;
    else {
      this.#shared[this.#runs] = command;
      this.#times[this.#runs++] = 1;
    }
    if (++this.#count >= MAX_SHARED) this.settle();
  }

  /** Hands out the shares so far, also before statistics are shown. */
  settle(): void {
    if (this.#count === 0) return;
    let each = -1;
    if (this.#started >= 0) {
      const now = this.#clock.monoMs();
      each = Math.max(0, now - this.#started - this.#own) / this.#count;
      this.#started = now;
    }
    for (let i = 0; i < this.#runs; i++) this.#settle(this.#shared[i]!, each, this.#times[i]!);
    this.#runs = this.#count = 0;
    this.#own = 0;
  }

  /** The batch is over. */
  end(): void {
    this.settle();
    this.#running = false;
  }
}
