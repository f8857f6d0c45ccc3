/**
 * One script under way: it runs in the middle of the command that called it, and if it takes longer than
 * busy-reply-threshold, it goes on in slices between which others are told that the server is busy.
 */

import { Suspension } from "../../commands/block.ts";
import type { Context } from "../../commands/context.ts";
import { LuaError, LuaInterrupt } from "../../lua/error.ts";
import { rawToString } from "../../lua/library.ts";
import type { LuaState } from "../../lua/state.ts";
import { LuaTable } from "../../lua/table.ts";
import type { LuaFunction, LuaValue } from "../../lua/value.ts";
import { cString } from "../../types/quoting.ts";
import type { Client } from "../client.ts";
import type { RedisServer } from "../server.ts";
import type { Permissions, ScriptCaller } from "./caller.ts";
import { LuaToReply, messageOf } from "./to_reply.ts";

/** A slice of a script that has become busy, milliseconds. */
const SLICE_MS = 10;
const KILLED = "ERR Script killed by user with SCRIPT KILL...";

/** A script that runs. */
export interface ScriptRun extends Permissions {
  /** Digest of a script, name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  /** Monotonic milliseconds when the clock was first looked at; -1 before: most scripts are over by then. */
  startedMs: number;
}

/** Runs scripts, one at a time. */
export class ScriptRunner {
  /** The script under way, null without one. */
  current: ScriptRun | null = null;
  readonly #server: RedisServer;
  readonly #caller: ScriptCaller;
  readonly #toReply: LuaToReply;
  #call: Generator<void, LuaValue[], void> | null = null;
  #state: LuaState | null = null;
  /** How long the present slice may be, milliseconds, and when it is over (-1 before the first look at the clock). */
  #limitMs = Infinity;
  #untilMs = -1;
  readonly #waiting: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: RedisServer, caller: ScriptCaller) {
    this.#server = server;
    this.#caller = caller;
    this.#toReply = new LuaToReply(server.errorStats);
    caller.checkTime = () => {
      if (this.#isOver()) this.#state!.steps = 0;
    };
  }

  /** Calls a function of this world for the command that `ctx` runs, and writes its reply. */
  start(
    ctx: Context,
    run: ScriptRun,
    state: LuaState,
    fn: LuaFunction,
    args: readonly LuaValue[],
  ): Suspension | void {
    const threshold = this.#server.config.busyReplyThreshold;
    const { caller } = run;
    // What the append-only file and a primary have decided is not ours to stop.
    const limit = threshold === 0 || caller.loader || caller.primary ? Infinity : threshold;
    this.current = run;
    this.#state = state;
    this.#call = state.run(fn, args);
    this.#caller.begin(run);
    if (!this.#goOn(ctx, limit)) return;
    this.#server.log.warning(
      `Slow script detected: still in execution after ${
        Math.floor(this.#server.clock.monoMs() - run.startedMs)
      } ` +
        `milliseconds. You can try killing the script using the ${
          run.isFunction ? "FUNCTION" : "SCRIPT"
        } KILL ` +
        `command. Script name is: ${run.name}.`,
    );
    run.args = run.args.copy();
    this.#schedule();
    const suspension: Suspension = new Suspension(run.startedMs, () => {
      if (!this.#goOn(ctx, SLICE_MS)) return;
      this.#schedule();
      return suspension;
    });
    return suspension;
  }

  /** Ends the script that is busy, at its next step. */
  kill(): void {
    this.#state!.interrupt(KILLED);
  }

  /** Fulfilled when the busy script is over. */
  get over(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The server ends. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      const client: Client | null = this.#server.dispatcher.goOn();
      if (client === null) return;
      this.#server.wakeUps.wake(client);
      this.#server.pauses.releaseHeld();
      this.#server.blocking.expireDue();
      for (const resolve of this.#waiting.splice(0)) resolve();
    }, 0);
  }

  /** Looks at the clock: true where the slice is over. */
  #isOver(): boolean {
    const now = this.#server.clock.monoMs();
    const run = this.current!;
    if (run.startedMs < 0) run.startedMs = now;
    if (this.#untilMs < 0) this.#untilMs = now + this.#limitMs;
    return now >= this.#untilMs;
  }

  /** Runs until the script's end, or for so many milliseconds. True where it is not through. */
  #goOn(ctx: Context, limitMs: number): boolean {
    const call = this.#call!;
    const { mayBlock } = ctx;
    ctx.mayBlock = false;
    this.#limitMs = limitMs;
    this.#untilMs = -1;
    let failure: unknown;
    let failed = false;
    let results: LuaValue[] | undefined;
    try {
      for (;;) {
        const step = call.next();
        if (step.done) {
          results = step.value;
          break;
        }
        if (this.#isOver()) return true;
      }
    } catch (error) {
      failed = true;
      failure = error;
    } finally {
      ctx.mayBlock = mayBlock;
    }
    const run = this.current!;
    this.current = this.#call = null;
    this.#caller.end();
    const { reply } = run.caller;
    const resp3 = this.#caller.client.reply.protocol === 3;
    ctx.preventPropagation();
    if (failed) this.#fail(run, failure);
    else this.#toReply.write(results![0], run.command, reply, resp3);
    return false;
  }

  /** Answers with the error that ended a script. */
  #fail(run: ScriptRun, error: unknown): void {
    if (!(error instanceof LuaError)) throw error;
    const { value, position } = error;
    let text: string;
    let counted = false;
    if (error instanceof LuaInterrupt) text = KILLED;
    else if (value instanceof LuaTable) {
      text = messageOf(value);
      counted = value.getStr("ignore_error_stats_update") === true;
    } else text = `ERR ${cString(rawToString(value))}`;
    if (position !== undefined) text += ` script: ${run.name}, on ${position.source}:${position.line}.`;
    this.#toReply.fail(run.command, run.caller.reply, text, counted);
  }
}
