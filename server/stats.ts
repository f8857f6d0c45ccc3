/** Counters of a server's life, as INFO reports them; CONFIG RESETSTAT sets them back. */

/** How many different error codes are told apart before errorstats gives up (a limit of Redis). */
const MAX_ERROR_CODES = 128;

/** Errors by their code word (INFO errorstats). */
export class ErrorStats {
  readonly counts = new Map<string, number>();
  total = 0;

  /** Counts an error reply by the word before the first space. */
  count(text: string): void {
    this.total++;
    const space = text.indexOf(" ");
    const code = space < 0 ? text : text.slice(0, space);
    const known = this.counts.get(code);
    if (known === undefined && this.counts.size >= MAX_ERROR_CODES) return;
    this.counts.set(code, (known ?? 0) + 1);
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
  evictedKeys = 0;
  evictedClients = 0;
  /** Keys found expired in the last cycle, of 100 looked at. */
  expiredStalePercentage = 0;
  expiredTimeCapReached = 0;
  expireCycleCpuMs = 0;
  slowestTickMs = 0;
  unexpectedErrorReplies = 0;

  reset(): void {
    Object.assign(this, new ServerStats());
  }
}
