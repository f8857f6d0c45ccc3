/**
 * SORT and SORT_RO: the elements of a list, a set or a sorted set in order, or what other keys hold for them.
 *
 * What is sorted by and what is answered with may come from other keys (sort_patterns.ts), so the elements are copied
 * out first (sort_source.ts). With a constant BY nothing is sorted at all; lists and sorted sets then give only the
 * range that LIMIT asks for.
 */

import { ByteStrings } from "../types/byte_strings.ts";
import { parseWeight } from "../types/double.ts";
import { type Compare, partialSort } from "../types/partial_sort.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { listKey, TAIL, targetKey } from "./list_access.ts";
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

function sort(ctx: Context, args: Args): void {
  run(ctx, args, readOptions(ctx, args, true));
}

function sortRo(ctx: Context, args: Args): void {
  run(ctx, args, readOptions(ctx, args, false));
}

function run(ctx: Context, args: Args, options: SortOptions): void {
  const source = openSource(ctx, args);
  if (options.unsorted && source.isSet && (options.store !== 0 || ctx.client.caller !== null)) {
    // A set has no order of its own, and what is stored, or what a script sees, must be the same on every server.
    options.unsorted = false;
    options.alpha = true;
    options.by = null;
  }
  const answer = choose(ctx, source, options);
  if (options.store === 0) reply(ctx, options, answer);
  else store(ctx, args, options, answer);
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
      checkAccess(ctx, args, "GET");
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
  else checkAccess(ctx, args, "BY");
}

/** A pattern can name any key, so it takes the right to read all of them. */
function checkAccess(ctx: Context, args: Args, option: string): void {
  if (!ctx.server.acl.mayReadAllKeys(ctx.client, ctx.command, args)) {
    throw new CommandError(`ERR ${option} option of SORT denied due to insufficient ACL permissions.`);
  }
}

// -- Sorting ------------------------------------------------------------------------------------------------------

/** Elements, and those to answer with by index, in order. */
interface Answer {
  elements: ByteStrings;
  order: number[];
}

function choose(ctx: Context, source: SortSource, options: SortOptions): Answer {
  const { length } = source;
  const first = Math.min(Math.max(options.first, 0), length);
  const end = options.count < 0 ? length : Math.min(first + options.count, length);
  if (options.unsorted) {
    const elements = source.copy(first, end, options.descending);
    return { elements, order: inOrder(elements.length) };
  }
  const elements = source.copy(0, length, false);
  const order = inOrder(length);
  const compare = comparison(ctx, options, elements);
  // Which of several equal elements come first shows in two ways. Redis sorts only the wanted part with BY, and all of
  // it, keeping their order, without. But without BY numbers that compare as equal are the same element.
  const partial = (first !== 0 || end !== length) && (options.by !== null || !options.alpha);
  if (!partial) order.sort(compare);
  else if (first < end) partialSort(order, compare, first, end - 1);
  return { elements, order: order.slice(first, end) };
}

function inOrder(length: number): number[] {
  const order: number[] = [];
  for (let i = 0; i < length; i++) order.push(i);
  return order;
}

/** Looks up what the elements are sorted by, and says how to compare two of them. */
function comparison(ctx: Context, options: SortOptions, elements: ByteStrings): Compare<number> {
  const direction = options.descending ? -1 : 1;
  if (!options.alpha) {
    const weights = weigh(ctx, options.by, elements);
    return (i, j) => {
      const a = weights[i]!, b = weights[j]!;
      return direction * (a < b ? -1 : a > b ? 1 : elements.compare(i, j));
    };
  }
  const { by } = options;
  const texts = by === null ? elements : new ByteStrings(elements.length);
  const found: boolean[] = [];
  for (let i = 0; by !== null && i < elements.length; i++) {
    found.push(by.find(ctx, elements, i));
    texts.add(by.buf, found[i] ? by.start : 0, found[i] ? by.end : 0);
  }
  // What is stored is compared byte by byte; what is answered as C strings, as a locale's order would be.
  const whole = options.store !== 0;
  return (i, j) => {
    if (by !== null && !(found[i] && found[j])) return direction * (Number(found[i]) - Number(found[j]));
    return direction * (whole ? texts.compare(i, j) : texts.compareAsCStrings(i, j));
  };
}

/** The weights of all elements. Throws where a number is wanted and something else found. */
function weigh(ctx: Context, by: SortPattern | null, elements: ByteStrings): Float64Array {
  const weights = new Float64Array(elements.length);
  let failed = false;
  for (let i = 0; i < elements.length; i++) {
    if (by === null) weights[i] = parseWeight(elements.buf, elements.start(i), elements.end(i));
    else if (by.find(ctx, elements, i)) weights[i] = parseWeight(by.buf, by.start, by.end);
    if (Number.isNaN(weights[i])) failed = true;
  }
  // Only now: all keys have been looked up, which shows in the statistics.
  if (failed) throw NOT_A_WEIGHT;
  return weights;
}

// -- Answering ----------------------------------------------------------------------------------------------------

function reply(ctx: Context, { gets }: SortOptions, { elements, order }: Answer): void {
  ctx.reply.array(order.length * Math.max(1, gets.length));
  for (const i of order) {
    if (gets.length === 0) ctx.reply.bulk(elements.buf, elements.start(i), elements.end(i));
    for (const get of gets) {
      if (get.find(ctx, elements, i)) ctx.reply.bulk(get.buf, get.start, get.end);
      else ctx.reply.null();
    }
  }
}

/** Sets the target key to a list of what would be the answer, or deletes it where that is empty. */
function store(
  ctx: Context,
  args: Args,
  { gets, store: key }: SortOptions,
  { elements, order }: Answer,
): void {
  const length = order.length * Math.max(1, gets.length);
  if (length > 0) {
    const list = targetKey.fresh(ctx);
    for (const i of order) {
      if (gets.length === 0) list.push(TAIL, elements.buf, elements.start(i), elements.end(i));
      for (const get of gets) {
        const found = get.find(ctx, elements, i);
        list.push(TAIL, get.buf, found ? get.start : 0, found ? get.end : 0);
      }
    }
    targetKey.replace(ctx, args, key);
    ctx.changed(Notify.LIST, "sortstore", args, key, length);
  } else if (ctx.db.deleteRaw(args.buf, args.starts[key]!, args.ends[key]!)) {
    ctx.changed(Notify.GENERIC, "del", args, key);
  }
  ctx.reply.integer(length);
}
