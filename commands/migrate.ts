/** MIGRATE: keys go to another server, which has them before they are deleted here. The transfer is server/migration.ts. */
import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { allAfter, at, type CommandRow } from "./row.ts";

/** The table row. */
export const migrateRow: CommandRow = {
  name: "MIGRATE",
  arity: -6,
  flags: ["write", "movablekeys"],
  keys: [3, 3, 1],
  specs: [at(3, "RW access delete"), allAfter("KEYS", -2, "RW access delete incomplete")],
  categories: ["keyspace", "dangerous"],
  tips: ["nondeterministic_output"],
  run: migrate,
};

/** Milliseconds for each step of the transfer where the command gives none or none that makes sense. */
const DEFAULT_TIMEOUT_MS = 1000;

const KEY_NOT_EMPTY = new CommandError(
  "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
);
/** Where there is something to send, and nobody may wait. */
export const MUST_WAIT = new CommandError(
  "ERR MIGRATE waits for another server and is not allowed in transactions and scripts",
);

/** What MIGRATE was told. */
export interface MigrationPlan {
  readonly host: string;
  readonly port: string;
  readonly database: number | bigint;
  readonly timeoutMs: number;
  copy: boolean;
  replace: boolean;
  /** AUTH's arguments: password, or user and password. */
  auth: Uint8Array[];
  /** Arguments that are keys: from `firstKey` on, so many. */
  firstKey: number;
  keyCount: number;
}

/** MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key ...] */
function migrate(ctx: Context, args: Args): void | Block {
  return ctx.server.migration.begin(ctx, args, planOf(args));
}

function planOf(args: Args): MigrationPlan {
  const options = { copy: false, replace: false, auth: [] as Uint8Array[], firstKey: 3, keyCount: 1 };
  for (let i = 6; i < args.count; i++) {
    const more = args.count - 1 - i;
    if (args.is(i, "COPY")) options.copy = true;
    else if (args.is(i, "REPLACE")) options.replace = true;
    else if (args.is(i, "AUTH") && more >= 1) options.auth = [args.bytes(++i)];
    else if (args.is(i, "AUTH2") && more >= 2) options.auth = [args.bytes(++i), args.bytes(++i)];
    else if (args.is(i, "KEYS")) {
      if (args.length(3) !== 0) throw KEY_NOT_EMPTY;
      options.firstKey = i + 1;
      options.keyCount = more;
      break;
    } else throw SYNTAX;
  }
  const timeout = args.integer(5);
  const database = args.int64(4);
  return {
    ...options,
    host: args.text(1),
    port: args.text(2),
    database,
    timeoutMs: timeout > 0 ? timeout : DEFAULT_TIMEOUT_MS,
  };
}
