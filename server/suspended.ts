/**
 * A command that was put aside in the middle, with all that belongs to it: a script that has run for longer than
 * busy-reply-threshold, and the transaction around it, if there is one.
 *
 * While it is aside the gate is as between two commands, so that the few commands that are allowed to others run as
 * usual. When it goes on, it finds everything as it left it: its effects so far, the moment at which time stands still
 * for it, and what it had written of its reply.
 */

import type { Args } from "../commands/args.ts";
import type { Suspension } from "../commands/block.ts";
import type { Context, Effect } from "../commands/context.ts";
import type { Command } from "../commands/table.ts";
import type { Database } from "../store.ts";
import type { Client } from "./client.ts";

/** One command under way: what its end needs to know. */
export interface Frame {
  readonly client: Client;
  readonly command: Command;
  readonly args: Args;
  readonly db: Database;
  /** Context.dirty when it began. */
  readonly dirtyBefore: number;
  suspension: Suspension;
}

/** Takes the state of the running command off the context and gives it back. */
export class PutAside {
  readonly client: Client;
  readonly #frames: Frame[];
  readonly #effects: Effect[];
  readonly #mayBlock: boolean;
  readonly #expiryMode: number;
  readonly #time: number;
  readonly #reply: Uint8Array;

  /** `mark`: where the reply of the outermost of the commands `frames` begins. */
  constructor(ctx: Context, client: Client, mark: number, frames: Frame[]) {
    const { store, effects } = ctx;
    const { reply } = client;
    this.client = client;
    this.#frames = frames;
    this.#effects = effects.splice(0);
    this.#mayBlock = ctx.mayBlock;
    this.#expiryMode = store.expiryMode;
    this.#time = store.stopFreezing();
    // Half a reply must not be sent, and messages to the client may be written before the rest of it.
    this.#reply = reply.buf.slice(mark, reply.pos);
    reply.rewind(mark);
    ctx.mayBlock = true;
  }

  /** Puts everything back. Returns the commands under way, the outermost first. */
  restore(ctx: Context): Frame[] {
    const { store } = ctx;
    ctx.effects.push(...this.#effects);
    ctx.mayBlock = this.#mayBlock;
    store.freezeAt(this.#time);
    store.expiryMode = this.#expiryMode;
    this.client.reply.raw(this.#reply);
    return this.#frames;
  }
}
