/** How commands get at the set of a key, and back: look it up, show it in a view, store it after a change. */

import type { FieldTable } from "../types/field_table.ts";
import { Kind } from "../types/kind.ts";
import { SetView } from "../types/set_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { WRONG_TYPE } from "./errors.ts";
import { closedOnFlush } from "./open_views.ts";

/** Shows the set of a record that is not 0. Throws WRONGTYPE. */
export function showSet(ctx: Context, addr: number, view: SetView): SetView {
  const { db } = ctx;
  const kind = db.kind(addr);
  if (kind === Kind.SET_INTS) return view.showInts(db.bytes(addr), db.valueStart(addr), db.arena);
  if (kind !== Kind.SET) throw WRONG_TYPE;
  return view.showTable(db.object<FieldTable>(addr));
}

/** The set of one key while a command works on it. */
export class SetKey {
  readonly view = new SetView();
  #addr = 0;
  /** The table that the record holds now, if it does. */
  #stored: FieldTable | null = null;

  /** Shows the set in argument `i` for reading; null where there is no such key. Throws WRONGTYPE. */
  read(ctx: Context, args: Args, i: number): SetView | null {
    return this.#show(ctx, ctx.read(args, i));
  }

  /** As {@link read}, for changing. */
  write(ctx: Context, args: Args, i: number): SetView | null {
    return this.#show(ctx, ctx.write(args, i));
  }

  /** As {@link write}; where there is no such key, an empty set that {@link store} makes one. */
  writeOrCreate(ctx: Context, args: Args, i: number): SetView {
    return this.write(ctx, args, i) ?? this.view.showEmpty(ctx.db.arena);
  }

  /** An empty set that {@link store} puts in the place of whatever the key held. */
  create(ctx: Context): SetView {
    this.#addr = 0;
    this.#stored = null;
    this.view.maxInts = ctx.server.config.setMaxIntsetEntries;
    return this.view.showEmpty(ctx.db.arena);
  }

  #show(ctx: Context, addr: number): SetView | null {
    this.#addr = addr;
    this.#stored = null;
    this.view.maxInts = ctx.server.config.setMaxIntsetEntries;
    if (addr === 0) return null;
    showSet(ctx, addr, this.view);
    this.#stored = this.view.table;
    return this.view;
  }

  /** Stores the changed set, which is not empty, under the key in argument `i`. */
  store(ctx: Context, args: Args, i: number): void {
    const { view } = this;
    const { db } = ctx;
    if (view.table !== null) {
      if (view.table === this.#stored) return;
      if (this.#addr !== 0) db.rewriteObject(this.#addr, Kind.SET, view.table);
      else db.setObject(args.buf, args.starts[i]!, args.ends[i]!, Kind.SET, view.table);
    } else if (this.#addr !== 0) {
      db.rewrite(this.#addr, Kind.SET_INTS, view.ints, view.intsStart, view.intsEnd);
    } else {
      const { ints, intsStart, intsEnd } = view;
      db.set(args.buf, args.starts[i]!, args.ends[i]!, Kind.SET_INTS, ints, intsStart, intsEnd);
    }
    this.close();
  }

  /** Lets go of the set. */
  close(): void {
    this.#stored = null;
    this.view.close();
  }
}

/** The key that a command works on, and the one that it stores to. */
export const setKey: SetKey = closedOnFlush(new SetKey());
export const targetSet: SetKey = closedOnFlush(new SetKey());
