/** How commands get at the hash or the set of a key, and back: look it up, show it in a view, store it after a change. */

import type { FieldTable } from "../types/field_table.ts";
import type { FieldView } from "../types/field_view.ts";
import { HashView } from "../types/hash_view.ts";
import { Kind, type KindCode } from "../types/kind.ts";
import { SetView } from "../types/set_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { WRONG_TYPE } from "./errors.ts";
import { closedOnFlush } from "./open_views.ts";

/** What tells hashes from sets here. */
interface Form<V extends FieldView> {
  readonly packed: KindCode;
  readonly large: KindCode;
  /** Tells the view the limits up to which a value stays packed. */
  limit(view: V, ctx: Context): void;
}

const HASH: Form<HashView> = {
  packed: Kind.HASH_PACKED,
  large: Kind.HASH,
  limit(view, { server }) {
    view.maxEntries = server.config.hashMaxListpackEntries;
    view.maxValueBytes = server.config.hashMaxListpackValue;
  },
};

const SET: Form<SetView> = {
  packed: Kind.SET_INTS,
  large: Kind.SET,
  limit(view, { server }) {
    view.maxInts = server.config.setMaxIntsetEntries;
  },
};

/** Shows the value of a record that is not 0. Throws WRONGTYPE. */
function show<V extends FieldView>(ctx: Context, addr: number, view: V, form: Form<V>): V {
  const { db } = ctx;
  const kind = db.kind(addr);
  if (kind === form.packed) return view.showPacked(db.bytes(addr), db.valueStart(addr), db.arena);
  if (kind !== form.large) throw WRONG_TYPE;
  return view.showTable(db.object<FieldTable>(addr));
}

/** Shows the set of a record that is not 0. Throws WRONGTYPE. */
export function showSet(ctx: Context, addr: number, view: SetView): SetView {
  return show(ctx, addr, view, SET);
}

/** The hash or set of one key while a command works on it. */
class FieldKey<V extends FieldView> {
  readonly view: V;
  readonly #form: Form<V>;
  #addr = 0;
  /** The table that the record holds now, if it does. */
  #stored: FieldTable | null = null;

  constructor(view: V, form: Form<V>) {
    this.view = view;
    this.#form = form;
  }

  /** Shows the value in argument `i` for reading; null where there is no such key. Throws WRONGTYPE. */
  read(ctx: Context, args: Args, i: number): V | null {
    return this.show(ctx, ctx.read(args, i));
  }

  /** As {@link read}, for changing. */
  write(ctx: Context, args: Args, i: number): V | null {
    return this.show(ctx, ctx.write(args, i));
  }

  /** As {@link write}; where there is no such key, an empty value that {@link store} makes one. */
  writeOrCreate(ctx: Context, args: Args, i: number): V {
    return this.write(ctx, args, i) ?? this.view.showEmpty(ctx.db.arena);
  }

  /** As {@link writeOrCreate}, for a key that this command has accessed: something else was stored, and it may have moved. */
  again(ctx: Context, args: Args, i: number): V {
    const addr = ctx.db.find(args.buf, args.starts[i]!, args.ends[i]!);
    return this.show(ctx, addr) ?? this.view.showEmpty(ctx.db.arena);
  }

  /** An empty value that {@link store} puts in the place of whatever the key held. */
  create(ctx: Context): V {
    this.show(ctx, 0);
    return this.view.showEmpty(ctx.db.arena);
  }

  /** Shows the value of a record that is looked up already; null for none (0). Throws WRONGTYPE. */
  show(ctx: Context, addr: number): V | null {
    this.#addr = addr;
    this.#stored = null;
    this.#form.limit(this.view, ctx);
    if (addr === 0) return null;
    show(ctx, addr, this.view, this.#form);
    this.#stored = this.view.table;
    return this.view;
  }

  /** Stores the changed value, which is not empty, under the key in argument `i`. */
  store(ctx: Context, args: Args, i: number): void {
    const { db } = ctx;
    const { table } = this.view;
    const { packed: packedKind, large } = this.#form;
    if (table !== null) {
      if (table === this.#stored) return;
      if (this.#addr !== 0) db.rewriteObject(this.#addr, large, table);
      else db.setObject(args.buf, args.starts[i]!, args.ends[i]!, large, table);
    } else {
      const { packed, packedStart, packedEnd } = this.view;
      if (this.#addr !== 0) db.rewrite(this.#addr, packedKind, packed, packedStart, packedEnd);
      else db.set(args.buf, args.starts[i]!, args.ends[i]!, packedKind, packed, packedStart, packedEnd);
    }
    this.close();
  }

  /** Lets go of the value. */
  close(): void {
    this.#stored = null;
    this.view.close();
  }
}

/** The key that a hash command works on. */
export const hashKey: FieldKey<HashView> = closedOnFlush(new FieldKey(new HashView(), HASH));
/** The key that a set command works on, and the one that it stores to. */
export const setKey: FieldKey<SetView> = closedOnFlush(new FieldKey(new SetView(), SET));
export const targetSet: FieldKey<SetView> = closedOnFlush(new FieldKey(new SetView(), SET));
