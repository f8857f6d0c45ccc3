/**
 * Redis's error texts, word for word (redis-server 7.0.15), in one place.
 *
 * A handler throws a {@link CommandError}; dispatch takes back what the handler had written and answers with the
 * text. It is no subclass of Error on purpose: capturing a stack costs more than most commands, and a reply to bad
 * input is not a fault of ours. Anything else that is thrown is one, and is logged as such.
 */

import type { Args } from "./args.ts";

/** An error reply: code word and text, as it goes on the wire after the dash. */
export class CommandError {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export const SYNTAX = new CommandError("ERR syntax error");
export const WRONG_TYPE = new CommandError(
  "WRONGTYPE Operation against a key holding the wrong kind of value",
);
export const NOT_INTEGER = new CommandError("ERR value is not an integer or out of range");
/** Where Redis reads a C int, from an integer that is none. */
export const NOT_AN_INT = new CommandError(
  "ERR value is out of range, value must between -2147483648 and 2147483647",
);
export const NOT_FLOAT = new CommandError("ERR value is not a valid float");
export const OUT_OF_RANGE = new CommandError("ERR value is out of range");
export const NO_SUCH_KEY = new CommandError("ERR no such key");
export const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");
export const NEGATIVE_COUNT = new CommandError("ERR value is out of range, must be positive");
export const OVERFLOW = new CommandError("ERR increment or decrement would overflow");
export const NAN_OR_INFINITY = new CommandError("ERR increment would produce NaN or Infinity");
export const STRING_TOO_LONG = new CommandError(
  "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
);
export const INVALID_CURSOR = new CommandError("ERR invalid cursor");
export const TIMEOUT_NOT_FLOAT = new CommandError("ERR timeout is not a float or out of range");
export const TIMEOUT_NEGATIVE = new CommandError("ERR timeout is negative");
export const DB_OUT_OF_RANGE = new CommandError("ERR DB index is out of range");
export const SAME_OBJECT = new CommandError("ERR source and destination objects are the same");
export const NOAUTH = new CommandError("NOAUTH Authentication required.");
export const OOM = new CommandError("OOM command not allowed when used memory > 'maxmemory'.");
export const READONLY = new CommandError("READONLY You can't write against a read only replica.");
export const LOADING = new CommandError("LOADING Redis is loading the dataset in memory");
export const MASTERDOWN = new CommandError(
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
);
export const NOREPLICAS = new CommandError("NOREPLICAS Not enough good replicas to write.");
export const NOSCRIPT = new CommandError("NOSCRIPT No matching script. Please use EVAL.");
export const EXECABORT = new CommandError("EXECABORT Transaction discarded because of previous errors.");

/** ERR wrong number of arguments for 'x' command; `name` in lower case, `container|sub` for sub-commands. */
export function wrongArity(name: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${name}' command`);
}

/** ERR invalid expire time in 'x' command. */
export function invalidExpire(name: string): CommandError {
  return new CommandError(`ERR invalid expire time in '${name}' command`);
}

/** ERR unknown subcommand 'x'. Try CONTAINER HELP. The container is named as the client wrote it: it may be renamed. */
export function unknownSubcommand(args: Args): CommandError {
  return new CommandError(
    `ERR unknown subcommand '${args.cText(1).slice(0, 128)}'. Try ${args.cText(0).toUpperCase()} HELP.`,
  );
}

/** The same for a sub-command that is known: its arguments are not right. */
export function subcommandSyntax(args: Args): CommandError {
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${args.cText(1).slice(0, 128)}'. Try ${
      args.cText(0).toUpperCase()
    } HELP.`,
  );
}
