/**
 * The inputs of ZUNION, ZINTER and ZDIFF: sorted sets, sets whose members all score 1, and keys that are missing.
 * All are walked and asked the same way.
 */

import { Kind } from "../types/kind.ts";
import type { Entry } from "../types/listpack.ts";
import { SetView } from "../types/set_view.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { showSet } from "./field_access.ts";
import { showSortedSet } from "./sorted_set_access.ts";

/** Visits a member of the input; false ends the walk. */
export type VisitSource = (source: Source) => boolean;

/** One input key. */
export class Source {
  weight = 1;
  /** Number of members. */
  length = 0;
  /** Score of the member that was visited or found. */
  score = 1;
  /** The key's record, 0 if it is missing: the same for a key that was named twice. */
  addr = 0;
  readonly #sorted = new SortedSetView();
  readonly #set = new SetView();
  #isSorted = false;

  /** Shows the key in argument `i`. Throws WRONGTYPE for what is neither a sorted set nor a set. */
  show(ctx: Context, args: Args, i: number): void {
    const addr = ctx.read(args, i);
    this.addr = addr;
    this.weight = this.score = 1;
    this.length = 0;
    if (addr === 0) return;
    const kind = ctx.db.kind(addr);
    this.#isSorted = kind === Kind.ZSET || kind === Kind.ZSET_PACKED;
    this.length = this.#isSorted
      ? showSortedSet(ctx, addr, this.#sorted).length
      : showSet(ctx, addr, this.#set).length;
  }

  /** The visited member. */
  get member(): Entry {
    return this.#isSorted ? this.#sorted.member : this.#set.member;
  }

  /** Visits the members one by one. `visit` must not change the input. */
  each(visit: VisitSource): void {
    if (this.addr === 0) return;
    if (!this.#isSorted) return this.#set.forEach(() => visit(this));
    const view = this.#sorted;
    for (let more = view.seek(0); more; more = view.next()) {
      this.score = view.score;
      if (!visit(this)) return;
    }
  }

  /** Whether this is a member; sets `score`. */
  has(buf: Uint8Array, start: number, end: number): boolean {
    if (this.addr === 0) return false;
    if (!this.#isSorted) return this.#set.has(buf, start, end);
    if (!this.#sorted.find(buf, start, end)) return false;
    this.score = this.#sorted.score;
    return true;
  }
}
