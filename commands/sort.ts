/**
 * SORT and SORT_RO: the elements of a list, a set or a sorted set in order, or what other keys hold for them.
 *
 * What is sorted by and what is answered with may come from other keys (sort_patterns.ts), so the elements are copied
 * out first (sort_source.ts). With a constant BY nothing is sorted at all; lists and sorted sets then give only the
 * range that LIMIT asks for.
 */

import { compareBytes } from "../types/bytes.ts";
import { parseWeight } from "../types/double.ts";
import { partialSort } from "../types/partial_sort.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { listKey, targetKey } from "./list_access.ts";
import { Notify } from "./notify_classes.ts";
import { at, type CommandRow, unknown } from "./row.ts";
import { SortPattern } from "./sort_patterns.ts";
import { openSource, type SortSource } from "./sort_source.ts";

/** The table rows of SORT and SORT_RO, of the generic group. */
export const sortRows: readonly CommandRow[] = [
  {
    name: "SORT",
    arity: -2,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [
      at(1, "RO access"),
      unknown(
        "RO access",
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
      unknown(
        "OW update",
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
      ),
    ],
    categories: ["set", "sortedset", "list", "dangerous"],
    run: sort,
  },
  {
    name: "SORT_RO",
    arity: -2,
    flags: ["readonly", "movablekeys"],
    keys: [1, 1, 1],
    specs: [
      at(1, "RO access"),
      unknown(
        "RO access",
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
      ),
    ],
    categories: ["set", "sortedset", "list", "dangerous"],
    run: sortRo,
  },
];

const NOT_A_WEIGHT = new CommandError("ERR One or more scores can't be converted into double");

/** What a command asked for. */
class SortOptions {
  descending = false;
  alpha = false;
  first = 0;
  count = -1;
  /** The pattern of BY; null to sort by the elements themselves. */
  by: SortPattern | null = null;
  /** BY was a constant: leave the elements as they are. */
  unsorted = false;
  readonly gets: SortPattern[] = [];
  /** The argument with the key to store in, 0 for none. */
  store = 0;
}

/** An element and what it is sorted by. */
interface Item {
  element: Uint8Array;
  weight: number;
  /** With BY and ALPHA: what the pattern found, null for nothing. */
  text: Uint8Array | null;
}

function sort(ctx: Context, args: Args): void {
  run(ctx, args, readOptions(ctx, args, true));
}

function sortRo(ctx: Context, args: Args): void {
  run(ctx, args, readOptions(ctx, args, false));
}

function run(ctx: Context, args: Args, options: SortOptions): void {
  const source = openSource(ctx, args);
  if (options.unsorted && source.isSet && options.store !== 0) {
    // A set has no order of its own, and what is stored must be the same on every server.
    options.unsorted = false;
    options.alpha = true;
    options.by = null;
  }
  const elements = choose(ctx, source, options);
  if (options.store === 0) reply(ctx, options, elements);
  else store(ctx, args, options, elements);
  listKey.close();
}

// -- Syntax -------------------------------------------------------------------------------------------------------

function readOptions(ctx: Context, args: Args, mayStore: boolean): SortOptions {
  const options = new SortOptions();
  for (let i = 2; i < args.count; i++) {
    const left = args.count - i - 1;
    if (args.is(i, "ASC")) options.descending = false;
    else if (args.is(i, "DESC")) options.descending = true;
    else if (args.is(i, "ALPHA")) options.alpha = true;
    else if (args.is(i, "LIMIT") && left >= 2) {
      options.first = args.integer(++i);
      options.count = args.integer(++i);
    } else if (mayStore && args.is(i, "STORE") && left >= 1) options.store = ++i;
    else if (args.is(i, "BY") && left >= 1) readBy(ctx, args, ++i, options);
    else if (args.is(i, "GET") && left >= 1) {
      checkAccess(ctx, "GET");
      options.gets.push(new SortPattern(args.bytes(++i)));
    } else throw SYNTAX;
  }
  return options;
}

/** BY: the last one names the pattern, but any constant one switches sorting off. */
function readBy(ctx: Context, args: Args, i: number, options: SortOptions): void {
  const pattern = new SortPattern(args.bytes(i));
  options.by = pattern;
  if (pattern.isConstant) options.unsorted = true;
  else checkAccess(ctx, "BY");
}

/** A pattern can name any key, so it takes the right to read all of them, and all of them in one place. */
function checkAccess(ctx: Context, option: string): void {
  if (ctx.server.config.clusterEnabled) {
    throw new CommandError(`ERR ${option} option of SORT denied in cluster mode.`);
  }
  if (!ctx.client.user.unrestricted) {
    throw new CommandError(`ERR ${option} option of SORT denied due to insufficient ACL permissions.`);
  }
}

// -- Sorting ------------------------------------------------------------------------------------------------------

/** The elements to answer with, in order. */
function choose(ctx: Context, source: SortSource, options: SortOptions): Uint8Array[] {
  const { length } = source;
  const first = Math.min(Math.max(options.first, 0), length);
  const end = options.count < 0 ? length : Math.min(first + options.count, length);
  if (options.unsorted) return source.elements(first, end, options.descending);
  const items = weigh(ctx, options, source.elements(0, length, false));
  const compare = comparison(options);
  // Redis sorts partially only with BY. That matters where elements are equal: a full sort keeps their order.
  if (options.by !== null && (first !== 0 || end !== length)) {
    if (first < end) partialSort(items, compare, first, end - 1);
  } else items.sort(compare);
  return items.slice(first, end).map(({ element }) => element);
}

/** Looks up what every element is sorted by. Throws where a number is wanted and something else found. */
function weigh(ctx: Context, { by, alpha }: SortOptions, elements: Uint8Array[]): Item[] {
  let failed = false;
  const items = elements.map((element): Item => {
    const item: Item = { element, weight: 0, text: null };
    if (by === null) {
      if (!alpha) item.weight = parseWeight(element, 0, element.length);
    } else if (by.find(ctx, element)) {
      if (alpha) item.text = by.buf.slice(by.start, by.end);
      else item.weight = parseWeight(by.buf, by.start, by.end);
    }
    if (Number.isNaN(item.weight)) failed = true;
    return item;
  });
  // Only now: all keys have been looked up, which shows in the statistics.
  if (failed) throw NOT_A_WEIGHT;
  return items;
}

function comparison({ alpha, by, store, descending }: SortOptions): (a: Item, b: Item) => number {
  const direction = descending ? -1 : 1;
  // What is stored is compared byte by byte; what is answered as C strings, as a locale's order would be.
  const texts = store !== 0 ? compareWhole : compareAsCStrings;
  if (!alpha) {
    return (a, b) =>
      direction * (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : compareWhole(a.element, b.element));
  }
  if (by === null) return (a, b) => direction * texts(a.element, b.element);
  return (a, b) => {
    if (a.text === null || b.text === null) {
      return direction * (Number(a.text !== null) - Number(b.text !== null));
    }
    return direction * texts(a.text, b.text);
  };
}

function compareWhole(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

function compareAsCStrings(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, cLength(a), b, 0, cLength(b));
}

function cLength(text: Uint8Array): number {
  const zero = text.indexOf(0);
  return zero < 0 ? text.length : zero;
}

// -- Answering ----------------------------------------------------------------------------------------------------

function reply(ctx: Context, { gets }: SortOptions, elements: Uint8Array[]): void {
  ctx.reply.array(elements.length * Math.max(1, gets.length));
  for (const element of elements) {
    if (gets.length === 0) ctx.reply.bulk(element);
    for (const get of gets) {
      if (get.find(ctx, element)) ctx.reply.bulk(get.buf, get.start, get.end);
      else ctx.reply.null();
    }
  }
}

/** Sets the target key to a list of what would be the answer, or deletes it where that is empty. */
function store(ctx: Context, args: Args, { gets, store: key }: SortOptions, elements: Uint8Array[]): void {
  const length = elements.length * Math.max(1, gets.length);
  if (length > 0) {
    const list = targetKey.fresh(ctx);
    for (const element of elements) {
      if (gets.length === 0) list.push(false, element, 0, element.length);
      for (const get of gets) {
        if (get.find(ctx, element)) list.push(false, get.buf, get.start, get.end);
        else list.push(false, element, 0, 0);
      }
    }
    targetKey.replace(ctx, args, key);
    ctx.changed(Notify.LIST, "sortstore", args, key, length);
  } else if (ctx.db.delete(args.buf, args.starts[key]!, args.ends[key]!)) {
    ctx.changed(Notify.GENERIC, "del", args, key);
  }
  ctx.reply.integer(length);
}
