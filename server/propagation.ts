/**
 * The one place where the effects of commands leave for the append-only file and the replicas.
 *
 * A command says what it changed (Context.dirty) and, where running it again would not give the same, what to send in
 * its place (Context.rewriteAs, alsoPropagate). Dispatch hands all of that over here after the outermost command; more
 * than one effect is wrapped in MULTI ... EXEC, so that no reader ever sees half of it.
 */

import { Args } from "../commands/args.ts";
import type { Effect } from "../commands/context.ts";

/** Takes commands in the order of execution; `args` is valid during the call only. */
export interface Sink {
  /** `db`: {@link SELECTED} where it does not matter. */
  feed(db: number, args: Args): void;
  /** The replicas: messages and effects that are for them alone are fed too. */
  readonly isReplicas?: boolean;
}

/** In place of a database: whichever is selected. */
const SELECTED = -1;
const MULTI = Args.of(["MULTI"]);
const EXEC = Args.of(["EXEC"]);

/** Fans effects out to the sinks. */
export class Propagation {
  readonly #sinks: Sink[] = [];
  /** True while somebody listens; effects need not be built otherwise. */
  active = false;

  /** Adds a listener. */
  add(sink: Sink): void {
    if (!this.#sinks.includes(sink)) this.#sinks.push(sink);
    this.active = true;
  }

  /** Removes a listener. */
  remove(sink: Sink): void {
    const at = this.#sinks.indexOf(sink);
    if (at >= 0) this.#sinks.splice(at, 1);
    this.active = this.#sinks.length > 0;
  }

  /** True where one of those listens who get an effect that is meant for these only. */
  reaches(only?: "replicas" | "file"): boolean {
    return this.#sinks.some((sink) =>
      only === undefined || (sink.isReplicas === true) === (only === "replicas")
    );
  }

  /** One command as it came in: the usual case. */
  feed(db: number, args: Args, only?: "replicas" | "file"): void {
    for (const sink of this.#sinks) {
      if (only === undefined || (sink.isReplicas === true) === (only === "replicas")) sink.feed(db, args);
    }
  }

  /** Everything one command, transaction or cycle did, as one unit; empties the list. */
  flush(effects: Effect[]): void {
    if (effects.length === 0) return;
    const wrap = effects.length > 1;
    if (wrap) this.feed(effects[0]!.db, MULTI);
    for (const effect of effects) this.feed(effect.db, effect.args, effect.only);
    if (wrap) this.feed(SELECTED, EXEC);
    effects.length = 0;
  }
}
