/**
 * Runs generators of Lua code. Calls within compiled code go by `yield*` and do not come here. What does:
 *
 * - steps used up: passed on to whoever runs the script, who serves others and comes back;
 * - metamethods (PENDING), and calls nested deeper than `SEGMENT_DEPTH`: they start a new segment. The chain of
 *   generators so far is kept on a stack of this driver and resumed with the result; so the depth of a Lua program
 *   is bounded by a count, as in PUC, and not by JavaScript's stack;
 * - tail calls of a segment's first function: its place is taken, so that an endless chain of them needs no room;
 * - coroutines: each has its own stack of segments. Resuming and yielding switch stacks.
 */

import { LuaError, LuaInterrupt } from "./error.ts";
import { PENDING, RESUME, YIELD } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { type LuaCall, LuaFunction, type LuaResult, LuaThread, type LuaValue } from "./value.ts";

/** Nested calls of Lua functions within one chain of generators. */
export const SEGMENT_DEPTH = 200;

/** Nested calls in all, of host functions too; one more, and PUC says "stack overflow". */
export const MAX_DEPTH = 19999;

/** A tail call that the driver is asked to make: returned in place of a result. */
export class TailCall extends Array<LuaValue> {
  readonly target: LuaFunction;
  readonly args: readonly LuaValue[];

  constructor(target: LuaFunction, args: readonly LuaValue[]) {
    super();
    this.target = target;
    this.args = args;
  }
}

/** A chain of generators that waits for another's result, and the counts of its state. */
type Segment = { call: LuaCall; depth: number; base: number; boundaries: number };

/** A coroutine that waits for the one it resumed; `thread` undefined: the script itself. */
type Resumer = { thread: LuaThread | undefined; segments: Segment[]; segment: Segment };

/** See the file comment. One at a time runs in a state. */
export class Driver {
  readonly #state: LuaState;
  #segments: Segment[] = [];
  #resumers: Resumer[] = [];

  constructor(state: LuaState) {
    this.#state = state;
  }

  /** Runs a call to its end; yields when steps are used up. @throws what the call throws */
  *drive(root: LuaCall): Generator<void, LuaResult, void> {
    const state = this.#state;
    let current = root;
    let value: LuaResult;
    let failure: unknown;
    let failed = false;
    for (;;) {
      let step: IteratorResult<unknown, LuaResult>;
      try {
        if (failed) {
          failed = false;
          step = current.throw(failure);
        } else step = current.next(value);
      } catch (thrown) {
        const next = this.#fail(thrown);
        if (next === undefined) throw thrown;
        current = next;
        ({ value, failed, failure } = this.#outcome);
        continue;
      }
      if (!step.done && step.value === undefined) {
        yield;
        state.steps = state.budget;
        if (state.killed !== undefined) {
          failed = true;
          failure = state.killed;
        }
        value = undefined;
        continue;
      }
      const next = step.done ? this.#finish(step.value) : this.#signal(current, step.value);
      ({ value, failed, failure } = this.#outcome);
      if (next === undefined) return value;
      current = next;
    }
  }

  /** What to resume the next generator with. */
  #outcome: { value: LuaResult; failed: boolean; failure: unknown } = {
    value: undefined,
    failed: false,
    failure: undefined,
  };

  #give(value: LuaResult): void {
    this.#outcome.value = value;
    this.#outcome.failed = false;
  }

  #raise(failure: unknown): void {
    this.#outcome.value = undefined;
    this.#outcome.failed = true;
    this.#outcome.failure = failure;
  }

  /** A segment has returned. @returns what goes on; undefined: all is done */
  #finish(result: LuaResult): LuaCall | undefined {
    if (result instanceof TailCall) {
      this.#state.depth = 0;
      this.#give(undefined);
      return result.target.fn(...result.args) as LuaCall;
    }
    const segment = this.#segments.pop();
    this.#give(result);
    if (segment !== undefined) return this.#restore(segment);
    return this.#leave(true, result);
  }

  /** A segment has thrown. @returns what goes on; undefined: it was the last */
  #fail(thrown: unknown): LuaCall | undefined {
    const segment = this.#segments.pop();
    this.#raise(thrown);
    if (segment !== undefined) return this.#restore(segment);
    if (thrown instanceof LuaInterrupt || !(thrown instanceof LuaError)) {
      const resumer = this.#resumers.pop();
      if (resumer === undefined) return undefined;
      this.#return(resumer);
      return this.#restore(resumer.segment);
    }
    return this.#leave(false, thrown.value);
  }

  /** A coroutine has ended: its resumer gets the results, or the error. */
  #leave(ok: boolean, result: LuaResult): LuaCall | undefined {
    const resumer = this.#resumers.pop();
    if (resumer === undefined) return undefined;
    this.#state.thread!.status = "dead";
    this.#return(resumer);
    this.#state.transfer.ok = ok;
    this.#give(result);
    return this.#restore(resumer.segment);
  }

  #return(resumer: Resumer): void {
    this.#state.thread = resumer.thread;
    if (resumer.thread !== undefined) resumer.thread.status = "running";
    this.#segments = resumer.segments;
  }

  #restore({ call, depth, base, boundaries }: Segment): LuaCall {
    const state = this.#state;
    state.depth = depth;
    state.base = base;
    state.limit = Math.min(SEGMENT_DEPTH, MAX_DEPTH - base);
    state.boundaries = boundaries;
    return call;
  }

  #save(call: LuaCall): Segment {
    const { depth, base, boundaries } = this.#state;
    return { call, depth, base, boundaries };
  }

  #signal(current: LuaCall, signal: unknown): LuaCall {
    const state = this.#state;
    this.#give(undefined);
    if (signal === PENDING) {
      this.#segments.push(this.#save(current));
      state.base += state.depth;
      state.depth = 0;
      state.limit = Math.min(SEGMENT_DEPTH, MAX_DEPTH - state.base);
      return state.pending;
    }
    if (signal === RESUME) return this.#resume(current);
    if (signal === YIELD) return this.#yield(current);
    throw new Error("a signal that no driver knows");
  }

  #resume(current: LuaCall): LuaCall {
    const state = this.#state;
    const { thread, values } = state.transfer;
    const caller = this.#save(current);
    this.#resumers.push({ thread: state.thread, segments: this.#segments, segment: caller });
    if (state.thread !== undefined) state.thread.status = "normal";
    state.thread = thread!;
    thread!.status = "running";
    thread!.boundaries = state.boundaries;
    const waiting = thread!.waiting as { segments: Segment[]; segment: Segment } | undefined;
    if (waiting === undefined) {
      this.#segments = [];
      state.base = state.depth = 0;
      state.limit = SEGMENT_DEPTH;
      return start(thread!.body, values);
    }
    this.#segments = waiting.segments;
    this.#give(values);
    const { call, depth, base } = waiting.segment;
    return this.#restore({ call, depth, base, boundaries: state.boundaries });
  }

  #yield(current: LuaCall): LuaCall {
    const state = this.#state;
    const thread = state.thread!;
    const resumer = this.#resumers.at(-1);
    if (resumer === undefined || state.boundaries > thread.boundaries) {
      this.#raise(new LuaError("attempt to yield across metamethod/C-call boundary"));
      return current;
    }
    this.#resumers.pop();
    thread.status = "suspended";
    thread.waiting = { segments: this.#segments, segment: this.#save(current) };
    this.#return(resumer);
    state.transfer.ok = true;
    this.#give(state.transfer.values);
    return this.#restore(resumer.segment);
  }
}

/** A call of a function as a generator, whichever it is. */
export function* start(f: LuaFunction, args: readonly LuaValue[]): LuaCall {
  const result: unknown = f.fn(...args);
  if (f.generator) return yield* result as LuaCall;
  return result === PENDING ? yield PENDING : result as LuaResult;
}
