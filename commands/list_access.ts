/**
 * How commands get at the list of a key, and back: look it up, show it in a view, store it after a change.
 *
 * Two `ListKey`s are enough for every list command (LMOVE has a source and a destination). They are reused by all
 * commands, which run one after another; `close` lets go of what they showed.
 */
import type { Quicklist } from "../types/quicklist.ts";
import { DEFAULT_PACKED_THRESHOLD, type QuicklistOptions } from "../types/quicklist_node.ts";
import { equalBytes, parseInt64 } from "../types/bytes.ts";
import { Kind } from "../types/kind.ts";
import type { Entry } from "../types/listpack.ts";
import { ListView } from "../types/list_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { SYNTAX, WRONG_TYPE } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { closedOnFlush } from "./open_views.ts";

/** Which end of a list: LEFT and RIGHT in commands, `true` is the left one in views. */
export const HEAD = true, TAIL = false;

/** What new lists are made with; the same object as long as the configuration stays the same. */
let options: QuicklistOptions = { fill: -2, compressDepth: 0, packedThreshold: DEFAULT_PACKED_THRESHOLD };

/** `list-max-listpack-size` and `list-compress-depth` as the structure wants them. */
export function listOptions(ctx: Context): QuicklistOptions {
  const { listMaxListpackSize: fill, listCompressDepth: compressDepth } = ctx.server.config;
  const packedThreshold = ctx.server.quicklistPackedThreshold;
  if (
    options.fill !== fill || options.compressDepth !== compressDepth ||
    options.packedThreshold !== packedThreshold
  ) options = { fill, compressDepth, packedThreshold };
  return options;
}

/** The list of one key while a command works on it. */
export class ListKey {
  readonly view: ListView = new ListView(options);
  #addr = 0;
  /** The large list that the record holds now, if it does. */
  #stored: Quicklist | null = null;

  /** Shows the list in argument `i` for reading; null where there is no such key. Throws WRONGTYPE. */
  read(ctx: Context, args: Args, i: number): ListView | null {
    return this.show(ctx, ctx.read(args, i));
  }

  /** As {@link read}, for changing. */
  write(ctx: Context, args: Args, i: number): ListView | null {
    return this.show(ctx, ctx.write(args, i));
  }

  /** As {@link write}; where there is no such key, an empty list that {@link store} makes one. */
  writeOrCreate(ctx: Context, args: Args, i: number): ListView {
    const view = this.write(ctx, args, i);
    return view ?? this.view.showEmpty();
  }

  /** Shows the list of a record that is looked up already; null for none (0). Throws WRONGTYPE. */
  show(ctx: Context, addr: number): ListView | null {
    const { db } = ctx;
    this.#addr = addr;
    this.#stored = null;
    this.view.options = listOptions(ctx);
    if (addr === 0) return null;
    const kind = db.kind(addr);
    if (kind === Kind.LIST_PACKED) return this.view.showPacked(db.bytes(addr), db.valueStart(addr));
    if (kind !== Kind.LIST) throw WRONG_TYPE;
    this.#stored = db.object<Quicklist>(addr);
    return this.view.showObject(this.#stored);
  }

  /** Stores the changed list, which is not empty, under the key in argument `i`. */
  store(ctx: Context, args: Args, i: number): void {
    const { view } = this;
    const { db } = ctx;
    view.repack();
    if (view.list !== null) {
      if (view.list === this.#stored) return;
      if (this.#addr !== 0) this.#addr = db.rewriteObject(this.#addr, Kind.LIST, view.list);
      else this.#addr = db.setObject(args.buf, args.starts[i]!, args.ends[i]!, Kind.LIST, view.list);
      this.#stored = view.list;
    } else if (this.#addr !== 0) {
      this.#addr = db.rewrite(this.#addr, Kind.LIST_PACKED, view.buf, view.start, view.end);
    } else {
      const { buf, start, end } = view;
      this.#addr = db.set(args.buf, args.starts[i]!, args.ends[i]!, Kind.LIST_PACKED, buf, start, end);
    }
  }

  /** An empty list to be filled, whatever the key holds; {@link replace} stores it. */
  fresh(ctx: Context): ListView {
    this.show(ctx, 0);
    return this.view.showEmpty();
  }

  /** Sets the key in argument `i` to the list, which is not empty, in the place of any value and without expiry. */
  replace(ctx: Context, args: Args, i: number): void {
    const { view } = this;
    const start = args.starts[i]!, end = args.ends[i]!;
    view.repack();
    if (view.list !== null) ctx.db.setObject(args.buf, start, end, Kind.LIST, view.list);
    else ctx.db.set(args.buf, start, end, Kind.LIST_PACKED, view.buf, view.start, view.end);
    this.close();
  }

  /**
   * The end of a removal of `count` elements from the list in argument `i`: stores what is left, deletes the key when
   * nothing is, publishes the event (and then "del") and counts the changes. `handedOver`: the element went from a pusher
   * to a client that waited, and only the pusher counts as who touched the key.
   */
  removed(ctx: Context, args: Args, i: number, event: string, count: number, handedOver = false): void {
    if (this.view.length > 0) this.store(ctx, args, i);
    if (handedOver) {
      ctx.notify(Notify.LIST, event, args.buf, args.starts[i]!, args.ends[i]!);
      ctx.dirty += count;
    } else ctx.changed(Notify.LIST, event, args, i, count);
    if (this.view.length === 0) ctx.deleteEmptied(args, i, Notify.GENERIC);
  }

  /** Lets go of the list; a large one that is deleted meanwhile is not kept alive. */
  close(): void {
    this.#stored = null;
    this.view.release();
  }
}

/** The key that a command reads or changes (or takes from). */
export const listKey: ListKey = closedOnFlush(new ListKey());
/** The key that a command moves elements to. */
export const targetKey: ListKey = closedOnFlush(new ListKey());

/** The bytes to look for in a list, made ready for many comparisons. */
export class Needle {
  readonly #buf: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  readonly #int: number | bigint | undefined;

  /** The bytes of argument `i`. */
  constructor(args: Args, i: number) {
    this.#buf = args.buf;
    this.#start = args.starts[i]!;
    this.#end = args.ends[i]!;
    this.#int = parseInt64(this.#buf, this.#start, this.#end);
  }

  /** Whether the element is these bytes. */
  is(entry: Entry): boolean {
    if (entry.isInt) return entry.value === this.#int;
    return equalBytes(entry.buf, entry.start, entry.end, this.#buf, this.#start, this.#end);
  }
}

/** LEFT or RIGHT in argument `i`: true for the head. Throws a syntax error for anything else. */
export function listEnd(args: Args, i: number): boolean {
  if (args.is(i, "LEFT")) return HEAD;
  if (args.is(i, "RIGHT")) return TAIL;
  throw SYNTAX;
}
