/**
 * The language in which the random commands are described. A command is one line of a grammar file:
 *
 *     cmd("GETEX", key("string"), opt(oneOf(seq("EX", farSeconds), seq("PX", farMillis), "PERSIST")))
 *
 * Strings are literal words (sometimes sent in random case); everything else is a `Gen`, a function that draws
 * arguments. Every command is also mutated now and then (an argument dropped, added or replaced), so wrong arity,
 * syntax errors and bad numbers need no line of their own.
 */
import type { Random } from "../helpers/random.ts";
import { exact } from "../helpers/rules.ts";
import type { Rule } from "../helpers/rules.ts";

/** Draws zero or more arguments (binary strings). */
export type Gen = (random: Random) => string[];

/** A literal word or a generator. */
export type Part = string | Gen;

/** One command of a grammar. */
export class CommandSpec {
  readonly name: string;
  readonly parts: readonly Part[];
  /** How often it is drawn, relative to the others of its group. */
  weight = 10;
  ruleOf: (args: readonly string[]) => Rule = () => exact;
  /** Commands sent right behind it in the same write; they keep random replies from making the two servers differ. */
  followUp: ((args: readonly string[]) => string[][]) | undefined;
  /** It may block the client: nothing may follow it in a write, and its timeout must not be replaced. */
  blocking = false;
  /** It answers with several frames or changes the connection: it gets a write of its own. */
  alone = false;
  /** No mutations: an altered form would be dangerous (reply of gigabytes) or differ for good reason. */
  verbatim = false;
  /** Not inside MULTI. */
  notInMulti = false;

  constructor(name: string, parts: readonly Part[]) {
    this.name = name;
    this.parts = parts;
  }

  /** Relative frequency, default 10. */
  weigh(weight: number): this {
    this.weight = weight;
    return this;
  }

  /** Compare replies by this rule; a function may look at the arguments. */
  by(rule: Rule | ((args: readonly string[]) => Rule)): this {
    this.ruleOf = typeof rule === "function" ? rule : () => rule;
    return this;
  }

  /** After the command, delete these keys (default: its first argument): what it left behind is random. */
  scrub(keysOf: (args: readonly string[]) => string[] = (args) => args.slice(1, 2)): this {
    this.followUp = (args) => keysOf(args).map((name) => ["DEL", name]);
    return this;
  }

  blocks(): this {
    this.blocking = true;
    return this;
  }

  onItsOwn(): this {
    this.alone = true;
    this.notInMulti = true;
    return this;
  }

  unmutated(): this {
    this.verbatim = true;
    return this;
  }

  outsideMulti(): this {
    this.notInMulti = true;
    return this;
  }

  /** Draws one concrete command. */
  draw(random: Random): string[] {
    const caseless = (word: string) => random.chance(0.15) ? randomCase(random, word) : word;
    const args = this.name.split(" ").map(caseless);
    for (const part of this.parts) args.push(...typeof part === "string" ? [caseless(part)] : part(random));
    const words = this.name.split(" ").length;
    return !this.verbatim && random.chance(0.05) ? mutate(random, args, words, this.blocking) : args;
  }
}

/** Describes a command: its name (with the subcommand, separated by a space) and its arguments. */
export function cmd(name: string, ...parts: Part[]): CommandSpec {
  return new CommandSpec(name, parts);
}

/** A named set of commands with what to do before each round. */
export interface Grammar {
  name: string;
  commands: CommandSpec[];
  /** Sent by each client in turn at the start of a round. */
  setup?: (client: number) => string[][];
  /** Sent by the harness before each round, to undo what FLUSHALL does not. */
  cleanup?: string[][];
  /** Databases that the commands use, compared at each checkpoint; default [0]. */
  databases?: number[];
  /** Clients when none are asked for; default 1. */
  clients?: number;
}

function randomCase(random: Random, word: string): string {
  let out = "";
  for (const char of word) out += random.chance(0.5) ? char.toLowerCase() : char.toUpperCase();
  return out;
}

/** What a mutation puts in an argument's place; small positive numbers are absent since a TTL of 1 would be a race. */
const ODD = [
  "",
  "abc",
  "-1",
  "0",
  "9223372036854775808",
  "-9223372036854775808",
  "1.5",
  "nan",
  "inf",
  "*",
  "\xff\0",
];
const ODD_FOR_BLOCKING = ["", "abc", "-1", "nan"];

/** The first `words` arguments (a command and its subcommand) are never dropped: COMMAND alone lists everything. */
function mutate(random: Random, args: string[], words: number, blocking: boolean): string[] {
  const at = random.int(1, args.length);
  switch (random.int(0, 3)) {
    case 0:
      return args.filter((_, i) => i < words || i !== at);
    case 1:
      return [...args, random.pick(["extra", "NX", "0", ""])];
    case 2:
      return [...args.slice(0, at), args[Math.min(at, args.length - 1)]!, ...args.slice(at)];
    default:
      return args.map((arg, i) => i === at ? random.pick(blocking ? ODD_FOR_BLOCKING : ODD) : arg);
  }
}

const draw = (random: Random, part: Part): string[] => {
  if (typeof part !== "string") return part(random);
  return [random.chance(0.1) ? randomCase(random, part) : part];
};

/** All parts, one after the other. */
export const seq = (...parts: Part[]): Gen => (random) => parts.flatMap((part) => draw(random, part));
/** All parts or nothing, evenly. */
export const opt = (...parts: Part[]): Gen => (random) => random.chance(0.5) ? seq(...parts)(random) : [];
/** All parts or nothing, with probability `p`. */
export const maybe = (p: number, ...parts: Part[]): Gen => (random) =>
  random.chance(p) ? seq(...parts)(random) : [];
/** One of the parts. */
export const oneOf = (...parts: Part[]): Gen => (random) => draw(random, random.pick(parts));
/** The part `low` to `high` times. */
export const many = (low: number, high: number, ...parts: Part[]): Gen => (random) =>
  Array.from({ length: random.int(low, high) }, () => seq(...parts)(random)).flat();
/** Any of the parts, each at most once, in any order. */
export const anyOf = (...parts: Part[]): Gen => (random) =>
  random.shuffle(parts).filter(() => random.chance(0.35)).flatMap((part) => draw(random, part));
/** The number of drawn arguments, then the arguments; now and then the number is wrong. */
export const counted = (...parts: Part[]): Gen => (random) => {
  const args = seq(...parts)(random);
  const count = random.chance(0.04)
    ? random.pick([0, -1, args.length + 1, args.length - 1, 1000])
    : args.length;
  return [String(count), ...args];
};
/** One value drawn by a function. */
export const one = (fn: (random: Random) => string | number): Gen => (random) => [String(fn(random))];
