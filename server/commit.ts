/**
 * Replies wait here until what was executed before them is in the append-only file, as safe as appendfsync says.
 *
 * Why a queue and not a promise for each connection: all connections whose requests arrived in one turn of the event
 * loop share one write and one sync, and their replies then leave in the same stretch of code, so that nothing which is
 * executed later can slip into a reply that leaves without having been written. It also saves each batch a wait.
 */

/** The append-only file, as far as replies wait for it. */
export interface Commits {
  /** Bytes of commands that are not written yet. */
  readonly pending: number;
  /** Writes (and syncs) them. False where nothing may be acknowledged any more: the process ends. */
  flush(): boolean;
}

/** Who has replies to send. */
export interface Waiting {
  /** Everything that was executed so far is safe: the replies may leave. */
  committed(): void;
}

/** How many rounds of waiting callbacks pass before a commit is carried out, so that others join it. */
const GATHER_ROUNDS = 6;
const NOTHING = Promise.resolve();

/** Connections whose replies wait for the append-only file. */
export class CommitQueue {
  readonly #file: Commits;
  #waiting: Waiting[] = [];
  #spare: Waiting[] = [];

  constructor(file: Commits) {
    this.#file = file;
  }

  /** False where all that was executed is in the file already, so that replies need not wait. */
  get isNeeded(): boolean {
    return this.#file.pending > 0;
  }

  /** Calls `waiting` back soon. Once for each call, so whoever waits already must not call again. */
  add(waiting: Waiting): void {
    if (this.#waiting.push(waiting) === 1) this.#gather();
  }

  /** Requests that arrived in this turn of the event loop run first and join: one write and one sync for all. */
  async #gather(): Promise<void> {
    for (let round = 0; round < GATHER_ROUNDS; round++) await NOTHING;
    this.release();
  }

  /** Writes what is pending now and lets everybody go. False where nothing may leave any more: the process ends. */
  release(): boolean {
    if (!this.#file.flush()) return false;
    const ready = this.#waiting;
    this.#waiting = this.#spare;
    for (let i = 0; i < ready.length; i++) ready[i]!.committed();
    ready.length = 0;
    this.#spare = ready;
    return true;
  }
}
