/**
 * Which arguments of a command are keys: the one place that knows, for COMMAND GETKEYS, permissions on keys, tracking
 * and the cluster's slots.
 *
 * A row's key specs say it for nearly all commands. Where they cannot (the place depends on the syntax, or the access
 * does) the command has a function here. What is found for a command whose syntax is wrong matters too, since
 * permissions are checked before the command gets to complain; so all rules, odd ones included, follow the
 * COMMAND GETKEYSANDFLAGS of 7.0.15.
 */

import { parseInt64 } from "../types/bytes.ts";
import type { Args } from "./args.ts";
import type { CommandRow, KeySpec } from "./row.ts";

/** How a command uses a key. The first four say what it may do to the value, the next what of it clients can see. */
export const KeyFlag = {
  /** Reads only. */
  RO: 1 << 0,
  /** Reads and writes. */
  RW: 1 << 1,
  /** Overwrites, whatever was there. */
  OW: 1 << 2,
  /** Removes. */
  RM: 1 << 3,
  /** Returns, copies or compares what the value holds (its type or length do not count). */
  ACCESS: 1 << 4,
  /** Changes what the value holds, which may remove something. */
  UPDATE: 1 << 5,
  /** Adds to the value, without changing what it holds. */
  INSERT: 1 << 6,
  /** Removes something from the value, or the value. */
  DELETE: 1 << 7,
  /** It is no key but hashes to a slot like one: a shard channel. */
  NOT_KEY: 1 << 8,
  /** The spec does not find all keys. */
  INCOMPLETE: 1 << 9,
  /** The other flags depend on the arguments. */
  VARIABLE: 1 << 10,
} as const;

const FLAG_WORDS: readonly (readonly [word: string, bit: number])[] = [
  ["RO", KeyFlag.RO],
  ["RW", KeyFlag.RW],
  ["OW", KeyFlag.OW],
  ["RM", KeyFlag.RM],
  ["access", KeyFlag.ACCESS],
  ["update", KeyFlag.UPDATE],
  ["insert", KeyFlag.INSERT],
  ["delete", KeyFlag.DELETE],
  ["not_key", KeyFlag.NOT_KEY],
  ["incomplete", KeyFlag.INCOMPLETE],
  ["variable_flags", KeyFlag.VARIABLE],
];

/** The words for a key's flags, in the order in which replies have them. */
export function keyFlagWords(flags: number): string[] {
  return FLAG_WORDS.filter(([, bit]) => (flags & bit) !== 0).map(([word]) => word);
}

function keyFlagBits(words: readonly string[]): number {
  let flags = 0;
  for (const word of words) {
    const known = FLAG_WORDS.find(([name]) => name === word);
    if (known === undefined) throw new Error(`unknown key flag ${word}`);
    flags |= known[1];
  }
  return flags;
}

/** The keys found in one command. Made once and filled again for each command: finding keys allocates nothing. */
export class KeyList {
  count = 0;
  /** Argument number of each key. */
  positions = new Int32Array(16);
  /** {@link KeyFlag} bits of each key. */
  flags = new Uint16Array(16);

  add(position: number, flags: number): void {
    if (this.count === this.positions.length) this.#grow();
    this.positions[this.count] = position;
    this.flags[this.count++] = flags;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const { positions, flags } = this;
    this.positions = new Int32Array(positions.length * 2);
    this.positions.set(positions);
    this.flags = new Uint16Array(flags.length * 2);
    this.flags.set(flags);
  }
}

/** A key spec as flat numbers. */
interface Spec {
  flags: number;
  /** True where only code finds the keys. */
  unknown: boolean;
  /** Where to begin, or after which word, looked for from where. */
  index: number;
  keyword: string | undefined;
  from: number;
  /** Offset of the number of keys, or -1: then `last` and `limit` say where they end. */
  keynum: number;
  first: number;
  last: number;
  step: number;
  limit: number;
}

function compile(spec: KeySpec): Spec {
  const { begin, find } = spec;
  const compiled: Spec = {
    flags: keyFlagBits(spec.flags),
    unknown: begin === "unknown" || find === "unknown",
    index: 0,
    keyword: undefined,
    from: 0,
    keynum: -1,
    first: 0,
    last: 0,
    step: 1,
    limit: 0,
  };
  if (begin !== "unknown") Object.assign(compiled, begin);
  if (find !== "unknown") Object.assign(compiled, find);
  return compiled;
}

/** Finds the keys of one command. Every row has one (see table.ts). */
export class KeyFinder {
  /** True where the command can have keys (shard channels do not count). */
  readonly hasKeys: boolean;
  readonly #specs: readonly Spec[];
  readonly #special: Special | undefined;
  /** True where the specs find the keys but not their flags. */
  readonly #variable: boolean;

  constructor(row: CommandRow) {
    this.#specs = (row.specs ?? []).map(compile);
    this.hasKeys = this.#specs.some((spec) => (spec.flags & KeyFlag.NOT_KEY) === 0);
    this.#variable = this.#specs.some((spec) => (spec.flags & KeyFlag.VARIABLE) !== 0);
    this.#special = this.hasKeys ? SPECIAL.get(row.name) : undefined;
  }

  /**
   * Replaces what `keys` holds by the keys of the command in `args`. They are none where the syntax is too wrong to
   * tell. Duplicates are kept, and the order is that of the key specs.
   *
   * @param channels shard channels are found too: they have a slot like keys.
   */
  find(args: Args, keys: KeyList, channels = false): void {
    keys.clear();
    if (!this.#variable && this.#walk(args, keys, channels)) return;
    keys.clear();
    if (this.#special !== undefined) this.#special(args, keys);
    else this.#findCounted(args, keys);
  }

  /** Follows the specs; false where one of them cannot tell. */
  #walk(args: Args, keys: KeyList, channels: boolean): boolean {
    for (const spec of this.#specs) {
      if ((spec.flags & KeyFlag.NOT_KEY) !== 0 && !channels) continue;
      if (spec.unknown) return false;
      const begin = spec.keyword === undefined ? spec.index : afterKeyword(args, spec.keyword, spec.from);
      if (begin === 0) continue; // the keyword is optional
      const first = spec.keynum < 0 ? begin : begin + spec.first;
      const last = spec.keynum < 0 ? lastOfRange(spec, begin, args.count) : lastOfCounted(spec, begin, args);
      if (first >= args.count || last < first || last >= args.count) return false;
      for (let i = first; i <= last; i += spec.step) keys.add(i, spec.flags);
      if ((spec.flags & KeyFlag.INCOMPLETE) !== 0) return false;
    }
    return true;
  }

  /**
   * Commands with a number of keys that is not written as an integer should be, such as "2x". It is read as C's atoi
   * would: the command is going to refuse it, but its keys are known until then (without flags, the destination last).
   */
  #findCounted(args: Args, keys: KeyList): void {
    const spec = this.#specs.find((one) => one.keynum >= 0);
    if (spec === undefined) return;
    const at = spec.index + spec.keynum;
    const first = spec.index + spec.first;
    const count = at < args.count ? leadingInteger(args.text(at)) : 0;
    if (count < 1 || count > args.count - first) return;
    for (let i = 0; i < count; i++) keys.add(first + i, 0);
    const destination = this.#specs.find((one) => one !== spec);
    if (destination !== undefined) keys.add(destination.index, 0);
  }
}

/** The argument after `keyword`, or 0. It is looked for from argument `from` on, or backwards where that is negative. */
function afterKeyword(args: Args, keyword: string, from: number): number {
  if (from > 0) {
    for (let i = from; i < args.count - 1; i++) if (args.is(i, keyword)) return i + 1;
  } else {
    for (let i = args.count + from; i > 1; i--) if (args.is(i, keyword)) return i + 1;
  }
  return 0;
}

function lastOfRange(spec: Spec, begin: number, count: number): number {
  if (spec.last >= 0) return begin + spec.last;
  if (spec.limit === 0) return count + spec.last;
  return begin + Math.trunc((count - begin) / spec.limit) + spec.last;
}

/** The last of a counted run of keys, or -1 where the number is none. It counts modulo 2^32, like the C it comes from. */
function lastOfCounted(spec: Spec, begin: number, args: Args): number {
  const at = begin + spec.keynum;
  if (at >= args.count) return -1;
  const count = parseInt64(args.buf, args.start(at), args.end(at));
  if (count === undefined || count < 0) return -1;
  return begin + spec.first + (toInt32(count) - 1) * spec.step;
}

function toInt32(value: number | bigint): number {
  return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : value | 0;
}

/** What atoi() makes of a text: leading spaces, a sign, digits; the rest is ignored. */
function leadingInteger(text: string): number {
  const digits = /^[ \t-\r]*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  return toInt32(clampInt64(BigInt(digits)));
}

function clampInt64(value: bigint): bigint {
  const clamped = BigInt.asIntN(64, value);
  if (clamped === value) return value;
  return value > 0n ? 0x7fff_ffff_ffff_ffffn : -0x8000_0000_0000_0000n;
}

/** Code that finds the keys of a command whose specs cannot. */
type Special = (args: Args, keys: KeyList) => void;

const READ = KeyFlag.RO | KeyFlag.ACCESS;
const CHANGE = KeyFlag.RW | KeyFlag.ACCESS | KeyFlag.UPDATE;
const OVERWRITE = KeyFlag.OW | KeyFlag.UPDATE;
const TAKE = KeyFlag.RW | KeyFlag.ACCESS | KeyFlag.DELETE;

const SPECIAL: ReadonlyMap<string, Special> = new Map([
  ["SET", setKeys],
  ["BITFIELD", bitfieldKeys],
  ["SORT", sortKeys],
  ["SORT_RO", sortRoKeys],
  ["MIGRATE", migrateKeys],
  ["XREADGROUP", xreadgroupKeys],
]);

/** SET reads the old value only with GET. */
function setKeys(args: Args, keys: KeyList): void {
  let flags: number = OVERWRITE;
  for (let i = 3; i < args.count; i++) if (args.is(i, "GET")) flags = CHANGE;
  keys.add(1, flags);
}

/** BITFIELD writes unless every operation is a GET. */
function bitfieldKeys(args: Args, keys: KeyList): void {
  let i = 2;
  while (i < args.count) {
    if (args.is(i, "GET") && i + 2 < args.count) i += 3;
    else if (args.is(i, "OVERFLOW") && i + 1 < args.count) i += 2;
    else break;
  }
  keys.add(1, i < args.count ? CHANGE : READ);
}

/** The key, and the last STORE. What GET, BY and LIMIT are followed by is no option. */
function sortKeys(args: Args, keys: KeyList): void {
  keys.add(1, READ);
  let store = 0;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, "LIMIT")) i += 2;
    else if (args.is(i, "GET") || args.is(i, "BY")) i++;
    else if (args.is(i, "STORE") && i + 1 < args.count) store = i + 1;
  }
  if (store > 0) keys.add(store, OVERWRITE);
}

/** BY and GET name keys too, but which ones only the values tell. */
function sortRoKeys(_args: Args, keys: KeyList): void {
  keys.add(1, READ);
}

/** The one key before the database, or what follows KEYS; both is an error, and no key then. */
function migrateKeys(args: Args, keys: KeyList): void {
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, "KEYS")) {
      if (args.length(3) > 0) return;
      for (let j = i + 1; j < args.count; j++) keys.add(j, TAKE);
      return;
    }
    if (args.is(i, "AUTH")) i++;
    else if (args.is(i, "AUTH2")) i += 2;
  }
  keys.add(3, TAKE);
}

/** Reached where STREAMS stands in the place of GROUP and its arguments: a syntax error that still has keys. */
function xreadgroupKeys(args: Args, keys: KeyList): void {
  let i = 1;
  while (i < args.count && !args.is(i, "STREAMS")) {
    if (args.is(i, "BLOCK") || args.is(i, "COUNT")) i += 2;
    else if (args.is(i, "GROUP")) i += 3;
    else if (args.is(i, "NOACK")) i++;
    else return;
  }
  const rest = args.count - i - 1;
  if (rest <= 0 || rest % 2 !== 0) return;
  for (let j = 1; j <= rest / 2; j++) keys.add(i + j, 0);
}
