/**
 * The command table: every group's rows, compiled for the gate in server/dispatch.ts.
 *
 * Rows are data for readers; a {@link Command} is the same row with its flags as bits, its sub-commands behind a
 * lookup, its statistics, and a number for the ACL's bit sets. Names are found without making a string of them.
 */

import { copyBytes } from "../types/bytes.ts";
import { Histogram } from "../types/histogram.ts";
import { aclRow } from "./acl.ts";
import { bitmapRows } from "./bitmaps.ts";
import { commandRow } from "./command.ts";
import { configRow } from "./config.ts";
import { connectionRows } from "./connection.ts";
import { debugRow } from "./debug.ts";
import { functionRows } from "./functions.ts";
import { genericRows } from "./generic.ts";
import { geoRows } from "./geo.ts";
import { hyperloglogRows } from "./hyperloglog.ts";
import { infoRow } from "./info.ts";
import { latencyRow } from "./latency.ts";
import { listRows } from "./lists.ts";
import { memoryRow } from "./memory.ts";
import { monitorRow } from "./monitor.ts";
import { shutdownRow } from "./shutdown.ts";
import { slowlogRow } from "./slowlog.ts";
import { hashRows } from "./hashes.ts";
import { replicationRows } from "./replication.ts";
import { setRows } from "./sets.ts";
import { pubsubRows } from "./pubsub.ts";
import { clusterRows } from "./cluster.ts";
import { moduleRows } from "./modules.ts";
import { keyspaceRows } from "./keyspace.ts";
import { persistenceRows } from "./persistence.ts";
import { KeyFinder } from "./keys.ts";
import { categoriesOf, type CommandRow, type Handler } from "./row.ts";
import { scriptingRows } from "./scripting.ts";
import { sortedSetRows } from "./sorted_sets.ts";
import { sortedSetPopRows } from "./sorted_sets_blocking.ts";
import { sortedSetRangeRows } from "./sorted_sets_range.ts";
import { sortedSetStoreRows } from "./sorted_sets_store.ts";
import { streamRows } from "./streams.ts";
import { streamClaimRows } from "./streams_claim.ts";
import { streamGroupRows } from "./streams_groups.ts";
import { streamInfoRows } from "./streams_info.ts";
import { streamReadRows } from "./streams_read.ts";
import { sortRows } from "./sort.ts";
import { stringRows } from "./strings.ts";
import { transactionRows } from "./transactions.ts";

/** Flags of a command, as bits. */
export const Flag = {
  WRITE: 1 << 0,
  READONLY: 1 << 1,
  DENYOOM: 1 << 2,
  ADMIN: 1 << 3,
  PUBSUB: 1 << 4,
  NOSCRIPT: 1 << 5,
  BLOCKING: 1 << 6,
  LOADING: 1 << 7,
  STALE: 1 << 8,
  SKIP_MONITOR: 1 << 9,
  SKIP_SLOWLOG: 1 << 10,
  ASKING: 1 << 11,
  FAST: 1 << 12,
  NO_AUTH: 1 << 13,
  MAY_REPLICATE: 1 << 14,
  NO_MULTI: 1 << 15,
  MOVABLE_KEYS: 1 << 16,
  ALLOW_BUSY: 1 << 17,
  NO_ASYNC_LOADING: 1 << 18,
  NO_MANDATORY_KEYS: 1 << 19,
} as const;

const FLAG_BITS: Record<string, number> = {
  write: Flag.WRITE,
  readonly: Flag.READONLY,
  denyoom: Flag.DENYOOM,
  admin: Flag.ADMIN,
  pubsub: Flag.PUBSUB,
  noscript: Flag.NOSCRIPT,
  blocking: Flag.BLOCKING,
  loading: Flag.LOADING,
  stale: Flag.STALE,
  skip_monitor: Flag.SKIP_MONITOR,
  skip_slowlog: Flag.SKIP_SLOWLOG,
  asking: Flag.ASKING,
  fast: Flag.FAST,
  no_auth: Flag.NO_AUTH,
  may_replicate: Flag.MAY_REPLICATE,
  no_multi: Flag.NO_MULTI,
  movablekeys: Flag.MOVABLE_KEYS,
  allow_busy: Flag.ALLOW_BUSY,
  no_async_loading: Flag.NO_ASYNC_LOADING,
  no_mandatory_keys: Flag.NO_MANDATORY_KEYS,
};

/** Commands that may reach the replicas although they are no writes; redis-server does not show this flag. */
const MAY_REPLICATE = new Set(["PUBLISH", "SPUBLISH", "PFCOUNT", "EVAL", "EVALSHA", "FCALL"]);

/** Commands that run a script, which may declare its own flags. */
const RUNS_SCRIPTS = new Set(["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"]);

/** Numbers of one command since start or CONFIG RESETSTAT. Times in microseconds. */
export class CommandStats {
  calls = 0;
  usec = 0;
  /** Calls whose time is in {@link usec}. */
  settled = 0;
  rejected = 0;
  failed = 0;
  /** Counts by duration for LATENCY HISTOGRAM and latencystats; made at the first call. */
  histogram: Histogram | null = null;

  /** What a call took in the mean, milliseconds. */
  get averageMs(): number {
    return this.settled === 0 ? 0 : this.usec / this.settled / 1000;
  }
}

/** One command or sub-command, ready to run. */
export class Command {
  readonly row: CommandRow;
  /** The name that clients call it by, upper case: the row's, or the one that rename-command gave it. */
  name: string;
  /** Lower case; `container|sub` for a sub-command. */
  readonly fullName: string;
  /** Dense number, for bit sets of commands. */
  readonly id: number;
  readonly flags: number;
  readonly arity: number;
  readonly run: Handler | undefined;
  readonly brief: boolean;
  /** Its flags depend on the script that it runs (server/scripting.ts). */
  readonly declaresFlags: boolean;
  readonly parent: Command | null;
  readonly categories: ReadonlySet<string>;
  readonly subcommands: NameTable | null;
  /** Which arguments are keys. */
  readonly keys: KeyFinder;
  stats = new CommandStats();

  constructor(row: CommandRow, parent: Command | null, ids: { next: number }) {
    this.row = row;
    this.name = row.name;
    this.parent = parent;
    this.fullName = (parent === null ? "" : parent.fullName + "|") + row.name.toLowerCase();
    this.id = ids.next++;
    this.flags = row.flags.reduce((bits, flag) => bits | flagBit(flag, row.name), 0) |
      (MAY_REPLICATE.has(row.name) ? Flag.MAY_REPLICATE : 0);
    this.arity = row.arity;
    this.run = row.run;
    this.brief = row.brief === true;
    this.declaresFlags = RUNS_SCRIPTS.has(row.name);
    this.categories = categoriesOf(row.flags, row.categories);
    this.keys = new KeyFinder(row);
    this.subcommands = row.subcommands === undefined
      ? null
      : new NameTable(row.subcommands.map((sub) => new Command(sub, this, ids)));
  }

  /** True where `count` arguments (name included) fit. */
  takes(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }
}

function flagBit(flag: string, name: string): number {
  const bit = FLAG_BITS[flag];
  if (bit === undefined) throw new Error(`${name}: unknown flag ${flag}`);
  return bit;
}

/** Names up to this length are remembered for the next request. */
const REMEMBERED_NAME = 32;

/** Commands by name, found from bytes in any case. */
export class NameTable {
  #all: readonly Command[] = [];
  #slots: (Command | undefined)[] = [];
  #mask = 0;
  /** The command found last, and, once it was found twice in a row, how its name was written then. */
  #last: Command | undefined;
  readonly #lastName = new Uint8Array(REMEMBERED_NAME);
  #lastLength = -1;

  constructor(commands: readonly Command[]) {
    this.replace(commands);
  }

  /** The commands, in table order. */
  get all(): readonly Command[] {
    return this.#all;
  }

  /** Holds these commands from now on, by their present names. */
  protected replace(commands: readonly Command[]): void {
    this.#all = commands;
    this.#last = undefined;
    this.#lastLength = -1;
    let size = 8;
    while (size < commands.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Array(size).fill(undefined);
    for (const command of commands) {
      let i = hashName(command.name) & this.#mask;
      while (this.#slots[i] !== undefined) i = (i + 1) & this.#mask;
      this.#slots[i] = command;
    }
  }

  /** The command named by these bytes. */
  find(buf: Uint8Array, start: number, end: number): Command | undefined {
    if (end - start !== this.#lastLength) return this.#look(buf, start, end);
    const name = this.#lastName;
    for (let i = 0, p = start; p < end; i++, p++) if (name[i] !== buf[p]) return this.#look(buf, start, end);
    return this.#last;
  }

  /** {@link find} without regard to the last one. Many clients send one command again and again. */
  #look(buf: Uint8Array, start: number, end: number): Command | undefined {
    const command = this.#search(buf, start, end);
    if (command === this.#last && command !== undefined && end - start <= REMEMBERED_NAME) {
      copyBytes(buf, start, end, this.#lastName, 0);
      this.#lastLength = end - start;
    } else this.#lastLength = -1;
    this.#last = command;
    return command;
  }

  #search(buf: Uint8Array, start: number, end: number): Command | undefined {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (buf[i]! & 0xdf)) | 0;
    for (let i = hash & this.#mask;; i = (i + 1) & this.#mask) {
      const command = this.#slots[i];
      if (command === undefined || isName(command.name, buf, start, end)) return command;
    }
  }

  /** The command of this name in any case. */
  get(name: string): Command | undefined {
    const upper = upperCase(name);
    return this.#all.find((command) => command.name === upper);
  }
}

/** ASCII letters in upper case; other bytes of a binary string are nobody's letters. */
function upperCase(name: string): string {
  return name.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function hashName(name: string): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + (name.charCodeAt(i) & 0xdf)) | 0;
  return hash;
}

function isName(name: string, buf: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    let byte = buf[start + i]!;
    if (byte >= 97 && byte <= 122) byte -= 32;
    if (byte !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** The rows of all groups, in the order of the documentation's groups. */
export const ALL_ROWS: readonly CommandRow[] = [
  aclRow,
  ...bitmapRows,
  commandRow,
  configRow,
  ...connectionRows,
  debugRow,
  ...genericRows,
  ...geoRows,
  ...hyperloglogRows,
  infoRow,
  latencyRow,
  ...listRows,
  memoryRow,
  monitorRow,
  shutdownRow,
  slowlogRow,
  ...persistenceRows,
  ...hashRows,
  ...replicationRows,
  ...setRows,
  ...pubsubRows,
  ...clusterRows,
  ...moduleRows,
  ...keyspaceRows,
  ...scriptingRows,
  ...functionRows,
  ...sortedSetRows,
  ...sortedSetRangeRows,
  ...sortedSetStoreRows,
  ...sortedSetPopRows,
  ...streamRows,
  ...streamClaimRows,
  ...streamGroupRows,
  ...streamInfoRows,
  ...streamReadRows,
  ...sortRows,
  ...stringRows,
  ...transactionRows,
];

/** The table of one server. */
export class CommandTable extends NameTable {
  /** Number of commands and sub-commands: one more than the highest id. */
  readonly count: number;
  /** All commands, whatever rename-command made of them: what ACL rules speak of. */
  readonly original: readonly Command[];

  constructor(rows: readonly CommandRow[] = ALL_ROWS) {
    const ids = { next: 0 };
    super(rows.map((row) => new Command(row, null, ids)));
    this.original = this.all;
    this.count = ids.next;
  }

  /**
   * rename-command: clients call the command by another name, or not at all (""). Its sub-commands, errors and ACL rules keep
   * the old one.
   * @returns why that cannot be, in Redis's words
   */
  rename(from: string, to: string): string | undefined {
    const command = this.get(from);
    if (command === undefined) return "No such command in rename-command";
    if (to === "") {
      this.replace(this.all.filter((other) => other !== command));
      return undefined;
    }
    const taken = this.get(to);
    if (taken !== undefined && taken !== command) return "Target command name already exists";
    command.name = upperCase(to);
    this.replace(this.all);
  }

  /** CONFIG RESETSTAT: every command's numbers start again. */
  resetStats(): void {
    for (const command of this.all) {
      command.stats = new CommandStats();
      for (const sub of command.subcommands?.all ?? []) sub.stats = new CommandStats();
    }
  }

  /** One boolean for each id: whether the full name passes the test. */
  flags(test: (fullName: string) => boolean): boolean[] {
    const flags: boolean[] = new Array(this.count).fill(false);
    for (const command of this.all) {
      flags[command.id] = test(command.fullName);
      for (const sub of command.subcommands?.all ?? []) flags[sub.id] = test(sub.fullName);
    }
    return flags;
  }

  /** The command or sub-command with this full name (`get`, `config|set`), in any case. */
  byFullName(fullName: string): Command | undefined {
    const bar = fullName.indexOf("|");
    if (bar < 0) return this.get(fullName);
    return this.get(fullName.slice(0, bar))?.subcommands?.get(fullName.slice(bar + 1));
  }
}
