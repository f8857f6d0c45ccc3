/**
 * The inputs of ZUNION, ZINTER and ZDIFF: sorted sets, sets whose members all score 1, and keys that are missing.
 * All are walked and asked the same way.
 */

import { parseInt64 } from "../types/bytes.ts";
import { intsetGet, intsetHas, intsetLength } from "../types/intset.ts";
import { Kind } from "../types/kind.ts";
import { Entry } from "../types/listpack.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { showSortedSet } from "./sorted_set_access.ts";

const MISSING = 0;
const SORTED_SET = 1;
const INTEGERS = 2;

/** One input key. */
export class Source {
  weight = 1;
  /** Number of members. */
  length = 0;
  /** Score of the member that was visited or found. */
  score = 1;
  /** The visited member. */
  member: Entry;
  /** The key's record, 0 if it is missing: equal for a key that was named twice. */
  addr = 0;
  #form = MISSING;
  readonly #view = new SortedSetView();
  readonly #integer = new Entry();
  #buf: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor() {
    this.member = this.#integer;
  }

  /** Shows the key in argument `i`. Throws WRONGTYPE for what is neither a sorted set nor a set. */
  show(ctx: Context, args: Args, i: number): void {
    const { db } = ctx;
    const addr = ctx.read(args, i);
    this.addr = addr;
    this.weight = this.score = 1;
    this.length = 0;
    this.#form = MISSING;
    if (addr === 0) return;
    if (db.kind(addr) === Kind.SET_INTS) {
      this.#form = INTEGERS;
      this.#buf = db.bytes(addr);
      this.#start = db.valueStart(addr);
      this.length = intsetLength(this.#buf, this.#start);
      this.member = this.#integer;
    } else {
      showSortedSet(ctx, addr, this.#view);
      this.#form = SORTED_SET;
      this.length = this.#view.length;
      this.member = this.#view.member;
    }
  }

  /** Visits the members, with `member` and `score`, until `visit` says false. `visit` must not change the input. */
  each(visit: (source: Source) => boolean): void {
    if (this.#form === INTEGERS) this.#eachInteger(visit);
    else if (this.#form === SORTED_SET) this.#eachScored(visit);
  }

  #eachScored(visit: (source: Source) => boolean): void {
    for (let more = this.#view.seek(0); more; more = this.#view.next()) {
      this.score = this.#view.score;
      if (!visit(this)) return;
    }
  }

  #eachInteger(visit: (source: Source) => boolean): void {
    const { member } = this;
    for (let i = 0; i < this.length; i++) {
      member.isInt = true;
      member.value = intsetGet(this.#buf, this.#start, i);
      member.text();
      if (!visit(this)) return;
    }
  }

  /** Whether this is a member; sets `score`. Ends no walk of another input. */
  has(buf: Uint8Array, start: number, end: number): boolean {
    switch (this.#form) {
      case SORTED_SET:
        if (!this.#view.find(buf, start, end)) return false;
        this.score = this.#view.score;
        return true;
      case INTEGERS: {
        const value = parseInt64(buf, start, end);
        return value !== undefined && intsetHas(this.#buf, this.#start, value);
      }
      default:
        return false;
    }
  }
}
