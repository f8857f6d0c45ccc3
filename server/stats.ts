/**
 * Counters of a server's life, as INFO reports them; CONFIG RESETSTAT sets them back. What belongs to one concern is
 * counted there (server/memory.ts, server/slowlog.ts); here is what several parts of the server count in common.
 */

/** Bytes that a code word has at most; an error that begins otherwise counts as ERR. */
const LONGEST_CODE = 30;

/** Errors by their code word (INFO errorstats). */
export class ErrorStats {
  readonly counts = new Map<string, number>();
  total = 0;

  /** Counts an error reply by the word before the first space, if that comes early enough for a code. */
  count(text: string): void {
    this.total++;
    const space = text.indexOf(" ");
    const code = space < 0 || space > LONGEST_CODE ? "ERR" : text.slice(0, space);
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
  }

  reset(): void {
    this.counts.clear();
    this.total = 0;
  }
}

/** Everything else that is counted. */
export class ServerStats {
  commandsProcessed = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  netInputBytes = 0;
  netOutputBytes = 0;
  /** Bytes from our primary, and to our replicas; both are in the sums above too. */
  replInputBytes = 0;
  replOutputBytes = 0;
  /** Reads and writes of sockets. */
  reads = 0;
  writes = 0;
  /** Reply buffers made smaller and larger. */
  bufferShrinks = 0;
  bufferExpands = 0;
  evictedKeys = 0;
  evictedClients = 0;
  /** Milliseconds during which memory was over maxmemory: stretches that are over. */
  evictionExceededMs = 0;
  /** Monotonic milliseconds since when it is over maxmemory now; 0 where it is not. */
  exceededSinceMs = 0;
  /** Keys found expired in the last cycle, of 100 looked at. */
  expiredStalePercentage = 0;
  expiredTimeCapReached = 0;
  expireCycleCpuMs = 0;
  unexpectedErrorReplies = 0;

  reset(): void {
    Object.assign(this, new ServerStats());
  }
}

/** How many samples a rate is the average of. */
const RATE_SAMPLES = 16;

/** A rate per second over the last moments, from a counter that is looked at from time to time. */
export class Rate {
  readonly #samples = new Float64Array(RATE_SAMPLES);
  #next = 0;
  #lastMs = -1;
  #lastCount = 0;

  /** Looks at the counter; `nowMs` is monotonic. A counter that went back was reset. */
  sample(count: number, nowMs: number): void {
    const elapsed = nowMs - this.#lastMs;
    if (this.#lastMs >= 0 && elapsed > 0) {
      this.#samples[this.#next] = Math.max(0, count - this.#lastCount) * 1000 / elapsed;
      this.#next = (this.#next + 1) % RATE_SAMPLES;
    }
    this.#lastMs = nowMs;
    this.#lastCount = count;
  }

  get perSecond(): number {
    let sum = 0;
    for (const sample of this.#samples) sum += sample;
    return sum / RATE_SAMPLES;
  }

  reset(): void {
    this.#samples.fill(0);
  }
}

/** The largest of values seen within the last seconds. */
export class RecentPeak {
  static readonly #SLOTS = 8;
  readonly #slots = new Float64Array(RecentPeak.#SLOTS);
  #second = -1;

  /** Called before the values of a round: forgets what was seen eight seconds ago. */
  advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const passed = Math.min(RecentPeak.#SLOTS, second - this.#second);
    for (let i = 0; i < passed; i++) this.#slots[(second - i) % RecentPeak.#SLOTS] = 0;
    this.#second = Math.max(second, this.#second);
  }

  see(value: number): void {
    const slot = this.#second % RecentPeak.#SLOTS;
    if (value > this.#slots[slot]!) this.#slots[slot] = value;
  }

  get value(): number {
    return Math.max(...this.#slots);
  }
}
