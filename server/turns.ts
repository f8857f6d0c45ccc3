/**
 * Fairness between connections: after so much work, the runtime gets to look at all sockets before anybody is read again.
 *
 * The runtime asks the system for news of sockets only when it has nothing to do, or after many turns of its loop, and a read
 * of a socket that has data is over at once. So a client whose pipeline never ends would keep all others waiting, new
 * connections included, for as long as it goes on.
 *
 * It also ends at most 128 socket operations at a time, and those that found no place have to line up again behind the
 * sockets with fresh news. With hundreds of busy clients the same hundred were served over and over while others waited for
 * seconds. So whoever was served is not read again before a whole round has passed in which everybody found a place.
 */

import { Loopback } from "./loopback.ts";

/** Bytes of requests after which a round ends: some two milliseconds of small commands. */
const ROUND_BYTES = 128 * 1024;
/** Reads after which a round ends: that many are sure to have found a place. */
const ROUND_READS = 96;
/** The shortest rest that makes the runtime look where there is no {@link Loopback}, milliseconds. */
const REST_MS = 1;

/** The turns of one server. */
export class Turns {
  #bytes = 0;
  #reads = 0;
  #isEnding = false;
  /** Who goes on when the round is over. */
  #waiting: (() => void)[] = [];
  #loopback: Loopback | null = null;
  #opened = false;
  #closed = false;

  /** Takes note of bytes that were read and run. True where others must have their turn before whoever sent them: {@link wait}. */
  spend(bytes: number, clients: number): boolean {
    this.#bytes += bytes;
    this.#reads++;
    if (this.#isEnding) return true;
    if (this.#bytes < ROUND_BYTES && (this.#reads < ROUND_READS || clients <= ROUND_READS)) return false;
    this.#pass();
    return true;
  }

  /** Calls back when all others have had their turn. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
  }

  /** Lets everybody who waits have a turn. */
  async #pass(): Promise<void> {
    this.#isEnding = true;
    do {
      this.#reads = 0;
      await this.#look();
    } while (this.#reads > 0); // whoever was served rests, so this ends
    this.#bytes = this.#reads = 0;
    this.#isEnding = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }

  /** Makes the runtime look at all sockets. */
  async #look(): Promise<void> {
    if (!this.#opened) this.#open();
    if (this.#loopback === null) return await new Promise((resolve) => void setTimeout(resolve, REST_MS));
    try {
      await this.#loopback.pass();
    } catch {
      this.#loopback = null; // closed, or somebody cut it: a rest does as well
    }
  }

  #open(): void {
    this.#opened = true;
    Loopback.open().then((loopback) => {
      if (this.#closed) loopback.close();
      else this.#loopback = loopback;
    }, () => {});
  }

  /** The server ends. */
  close(): void {
    this.#closed = true;
    this.#loopback?.close();
    this.#loopback = null;
  }
}
