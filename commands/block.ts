/**
 * Blocking as a value: what a handler returns instead of a reply when it has to wait.
 *
 * Nothing waits inside a handler. The server files the client under the keys, and when one of them may have become
 * ready it runs the same command again with `ctx.resumed` set; the handler then either replies or returns a Block
 * again, which leaves the client in its place in the queues. That way transactions, scripts and the replication
 * stream run the same handlers, and every way in which a key can become ready is covered by one "touched" event.
 */

import type { Context } from "./context.ts";

/** What a client waits for. */
export interface Block {
  /** Keys of the client's database that may wake it, in the order in which it prefers them. */
  keys: Uint8Array[];
  /** Milliseconds to wait from now, fractions allowed; 0 waits for ever. A timeout never fires early. */
  timeout: number;
  /** Writes the reply for a wait that ran out (usually a null array). */
  expired: (ctx: Context) => void;
  /**
   * Which kinds of values (types/kind.ts) wake the client; a key of another type leaves it asleep. `0` stands for a
   * key that is gone: true there wakes the client when a key it waits for was deleted.
   */
  wakes: (kind: number | undefined) => boolean;
  /** What CLIENT LIST and the statistics call it. */
  reason: "list" | "zset" | "stream" | "wait";
  /** True where serving one client does not take the value away from the next (streams). */
  shared?: boolean;
}

/**
 * What a handler returns that could not finish in one go and must not wait for anything: a script that runs for so long
 * that others are told BUSY meanwhile. The gate puts the command aside with everything that belongs to it and calls
 * {@link resume} time and again; the command ends, with its statistics and effects, when that returns nothing.
 */
export class Suspension {
  /** Does the next piece. The context is as it was when the handler returned. */
  readonly resume: () => Suspension | void;
  /** Monotonic milliseconds when the command began. */
  readonly beganMs: number;

  constructor(beganMs: number, resume: () => Suspension | void) {
    this.beganMs = beganMs;
    this.resume = resume;
  }
}
