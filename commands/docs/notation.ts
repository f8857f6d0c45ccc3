// The words in which the documentation files describe syntax, so that an argument list reads like a manual page
// instead of like JSON: `opt(keyword("EX", int("seconds")))` is "[EX seconds]".

import type { Argument, ArgumentFlag } from "./types.ts";

/** A key, found by the `keySpec`-th key spec of the command's row. */
export function key(name = "key", keySpec = 0): Argument {
  return { name, type: "key", keySpec };
}

/** Any bytes. */
export function str(name: string): Argument {
  return { name, type: "string" };
}

/** An integer in decimal. */
export function int(name: string): Argument {
  return { name, type: "integer" };
}

/** A number that may have a fractional part. */
export function double(name: string): Argument {
  return { name, type: "double" };
}

/** A glob pattern. */
export function pattern(name: string): Argument {
  return { name, type: "pattern" };
}

/** A glob pattern that names keys which the `keySpec`-th key spec stands for (SORT's BY and GET). */
export function keyPattern(name: string, keySpec: number): Argument {
  return { name, type: "pattern", keySpec };
}

/** A Unix time, in the unit its name tells. */
export function unixTime(name: string): Argument {
  return { name, type: "unix-time" };
}

/** A bare keyword, by default named like itself. */
export function token(word: string, name = word.toLowerCase()): Argument {
  return { name, type: "pure-token", token: word };
}

/** Exactly one of several alternatives. */
export function oneof(name: string, ...alternatives: Argument[]): Argument {
  return { name, type: "oneof", arguments: alternatives };
}

/** Arguments that only occur together. */
export function block(name: string, ...parts: Argument[]): Argument {
  return { name, type: "block", arguments: parts };
}

/** The argument after its keyword. */
export function keyword(word: string, argument: Argument): Argument {
  return { ...argument, token: word };
}

/** The argument may be missing. */
export function opt(argument: Argument): Argument {
  return flagged(argument, "optional");
}

/** The argument may occur more than once; a keyword before it is written once. */
export function many(argument: Argument): Argument {
  return flagged(argument, "multiple");
}

/** The argument may occur more than once, each time with its keyword. */
export function repeated(argument: Argument): Argument {
  return flagged(argument, "multiple", "multiple_token");
}

/** The argument is younger than its command. */
export function since(version: string, argument: Argument): Argument {
  return { ...argument, since: version };
}

/** The argument should not be used any more. */
export function deprecated(version: string, argument: Argument): Argument {
  return { ...argument, deprecatedSince: version };
}

/** Flags go in front of those set before: opt(many(x)) is "optional, multiple" on the wire. */
function flagged(argument: Argument, ...flags: ArgumentFlag[]): Argument {
  return { ...argument, flags: [...flags, ...(argument.flags ?? [])] };
}
