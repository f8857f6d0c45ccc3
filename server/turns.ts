/**
 * Fairness between connections: after so many bytes of requests, the runtime gets to look at all sockets before anybody reads
 * again.
 *
 * A read of a socket that has data is over at once, and the runtime asks the system for news of other sockets only when it
 * has nothing to do (or after many turns of its loop). So a client whose pipeline never ends kept all others waiting, new
 * connections included, for as long as it went on: seconds. Only a real rest helps, hence a timer: setImmediate and a file
 * operation as the pause left others waiting for 200 ms and more.
 */

/** Bytes of requests between two rests: some five milliseconds of small commands. */
const TURN_BYTES = 256 * 1024;
/** The shortest rest that is one, milliseconds. */
const REST_MS = 1;

/** The turns of one server. */
export class Turns {
  #bytes = 0;
  #rest: Promise<void> | null = null;

  /** Takes note of bytes that were read and run; a promise to wait for where others must have their turn first. */
  spend(bytes: number): Promise<void> | null {
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES) return null;
    return this.#rest ??= new Promise(this.#begin);
  }

  #begin = (resolve: () => void): void => {
    setTimeout(() => {
      this.#bytes = 0;
      this.#rest = null;
      resolve();
    }, REST_MS);
  };
}
