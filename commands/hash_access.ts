/** How commands get at the hash of a key, and back: look it up, show it in a view, store it after a change. */

import type { FieldTable } from "../types/field_table.ts";
import { HashView } from "../types/hash_view.ts";
import { Kind } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { WRONG_TYPE } from "./errors.ts";
import { closedOnFlush } from "./open_views.ts";

/** The hash of one key while a command works on it. One is enough: commands run one after another. */
export class HashKey {
  readonly view = new HashView();
  #addr = 0;
  /** The large hash that the record holds now, if it does. */
  #stored: FieldTable | null = null;

  /** Shows the hash in argument `i` for reading; null where there is no such key. Throws WRONGTYPE. */
  read(ctx: Context, args: Args, i: number): HashView | null {
    return this.#show(ctx, ctx.read(args, i));
  }

  /** As {@link read}, for changing. */
  write(ctx: Context, args: Args, i: number): HashView | null {
    return this.#show(ctx, ctx.write(args, i));
  }

  /** As {@link write}; where there is no such key, an empty hash that {@link store} makes one. */
  writeOrCreate(ctx: Context, args: Args, i: number): HashView {
    return this.write(ctx, args, i) ?? this.view.showEmpty(ctx.db.arena);
  }

  #show(ctx: Context, addr: number): HashView | null {
    const { db } = ctx;
    const { config } = ctx.server;
    this.#addr = addr;
    this.#stored = null;
    this.view.maxEntries = config.hashMaxListpackEntries;
    this.view.maxValueBytes = config.hashMaxListpackValue;
    if (addr === 0) return null;
    const kind = db.kind(addr);
    if (kind === Kind.HASH_PACKED) return this.view.showPacked(db.bytes(addr), db.valueStart(addr), db.arena);
    if (kind !== Kind.HASH) throw WRONG_TYPE;
    this.#stored = db.object<FieldTable>(addr);
    return this.view.showTable(this.#stored);
  }

  /** Stores the changed hash, which is not empty, under the key in argument `i`. */
  store(ctx: Context, args: Args, i: number): void {
    const { view } = this;
    const { db } = ctx;
    if (view.table !== null) {
      if (view.table === this.#stored) return;
      if (this.#addr !== 0) db.rewriteObject(this.#addr, Kind.HASH, view.table);
      else db.setObject(args.buf, args.starts[i]!, args.ends[i]!, Kind.HASH, view.table);
    } else if (this.#addr !== 0) {
      db.rewrite(this.#addr, Kind.HASH_PACKED, view.packed, view.packedStart, view.packedEnd);
    } else {
      const { packed, packedStart, packedEnd } = view;
      db.set(args.buf, args.starts[i]!, args.ends[i]!, Kind.HASH_PACKED, packed, packedStart, packedEnd);
    }
    this.close();
  }

  /** Lets go of the hash. */
  close(): void {
    this.#stored = null;
    this.view.close();
  }
}

/** The key that a command works on. */
export const hashKey: HashKey = closedOnFlush(new HashKey());
