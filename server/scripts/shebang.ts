/**
 * The first line of a script or a library, where it begins with "#!": the engine, and what the script says of itself.
 * Words are split and quoted as in redis.conf. All texts are binary strings.
 */

import { CommandError } from "../../commands/errors.ts";
import { Flag } from "../../commands/table.ts";
import { splitWords } from "../../types/quoting.ts";

/** What a script says of itself, as bits. */
export const ScriptFlag = {
  NO_WRITES: 1 << 0,
  ALLOW_OOM: 1 << 1,
  ALLOW_STALE: 1 << 2,
  NO_CLUSTER: 1 << 3,
  ALLOW_CROSS_SLOT: 1 << 4,
  /** It has no such line, and is treated as scripts were before there was one. */
  UNDECLARED: 1 << 5,
} as const;

/** The words for the flags, in the order in which FUNCTION LIST has them. */
const FLAG_WORDS: readonly (readonly [word: string, bit: number])[] = [
  ["no-writes", ScriptFlag.NO_WRITES],
  ["allow-oom", ScriptFlag.ALLOW_OOM],
  ["allow-stale", ScriptFlag.ALLOW_STALE],
  ["no-cluster", ScriptFlag.NO_CLUSTER],
  ["allow-cross-slot-keys", ScriptFlag.ALLOW_CROSS_SLOT],
];

/** The bit that a word stands for; undefined for none. */
export function scriptFlag(word: string): number | undefined {
  return FLAG_WORDS.find(([known]) => known === word)?.[1];
}

/** The words of flags. */
export function scriptFlagWords(flags: number): string[] {
  return FLAG_WORDS.filter(([, bit]) => (flags & bit) !== 0).map(([word]) => word);
}

/** What a script of EVAL declares, and where the Lua in it begins: at the end of the line, so that lines count. */
export interface Declared {
  readonly flags: number;
  readonly codeStart: number;
}

/** Reads the first line of a script. @throws CommandError */
export function declaredFlags(source: string): Declared {
  if (!source.startsWith("#!")) return { flags: ScriptFlag.UNDECLARED, codeStart: 0 };
  const codeStart = lineEnd(source);
  if (codeStart < 0) throw new CommandError("ERR Invalid script shebang");
  const words = splitWords(source.slice(0, codeStart)) ?? [];
  const [engine] = words;
  if (engine === undefined) throw new CommandError("ERR Invalid engine in script shebang");
  if (engine !== "#!lua") throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  let flags = 0;
  for (const word of words.slice(1)) {
    if (!word.startsWith("flags=")) throw new CommandError(`ERR Unknown lua shebang option: ${word}`);
    if (word === "flags=") continue;
    for (const name of word.slice(6).split(",")) {
      const bit = scriptFlag(name);
      if (bit === undefined) throw new CommandError(`ERR Unexpected flag in script shebang: ${name}`);
      flags |= bit;
    }
  }
  return { flags, codeStart };
}

/** The first line of a library. */
export interface LibraryHead {
  readonly engine: string;
  readonly name: string;
  readonly codeStart: number;
}

/** Reads the first line of a library. @throws CommandError */
export function libraryHead(source: string): LibraryHead {
  if (!source.startsWith("#!")) throw new CommandError("ERR Missing library metadata");
  const codeStart = lineEnd(source);
  const words = codeStart < 0 ? undefined : splitWords(source.slice(0, codeStart));
  if (words === undefined || words.length === 0) throw new CommandError("ERR Invalid library metadata");
  let name: string | undefined;
  for (const word of words.slice(1)) {
    if (!/^name=/i.test(word)) throw new CommandError(`ERR Invalid metadata value given: ${word}`);
    if (name !== undefined) {
      throw new CommandError("ERR Invalid metadata value, name argument was given multiple times");
    }
    name = word.slice(5);
  }
  if (name === undefined) throw new CommandError("ERR Library name was not given");
  return { engine: words[0]!.slice(2), name, codeStart };
}

/** Where the first line ends; -1 where the text is a line without end, or a zero byte comes before. */
function lineEnd(source: string): number {
  const end = source.indexOf("\n");
  const zero = source.indexOf("\0");
  return zero >= 0 && zero < end ? -1 : end;
}

/** What a script with these flags does instead of what its command's flags say, as flags of a command. */
export function commandFlags(flags: number, declared: number): number {
  if ((declared & ScriptFlag.UNDECLARED) !== 0) return flags;
  flags &= ~(Flag.STALE | Flag.DENYOOM | Flag.WRITE | Flag.MAY_REPLICATE);
  if ((declared & (ScriptFlag.ALLOW_OOM | ScriptFlag.NO_WRITES)) === 0) flags |= Flag.DENYOOM;
  if ((declared & ScriptFlag.NO_WRITES) === 0) flags |= Flag.WRITE;
  if ((declared & ScriptFlag.ALLOW_STALE) !== 0) flags |= Flag.STALE;
  return flags;
}
