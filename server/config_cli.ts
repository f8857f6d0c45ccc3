/**
 * The command line of redis-server: `[file] [--name value ...] [-]`.
 *
 * Options are not parsed as options but turned into lines of redis.conf, by rules that let values begin with "--" (`--requirepass
 * --x`), let one word hold name and value (`--port 6379`) and let `--save` stand alone. All words are binary strings.
 */
import { quoted, splitWords } from "../types/quoting.ts";

/** A command line, understood. */
export interface CommandLine {
  /** Name of the configuration file. */
  readonly file?: string;
  /** Read more configuration from standard input. */
  readonly stdin: boolean;
  /** The options as lines of redis.conf. */
  readonly overrides: string;
}

/** A command line that asks for something else than a running server. */
export type SpecialAction = "help" | "version" | "test-memory" | "check-system";

const ACTIONS: Readonly<Record<string, SpecialAction>> = {
  "-h": "help",
  "--help": "help",
  "-v": "version",
  "--version": "version",
  "--test-memory": "test-memory",
  "--check-system": "check-system",
};

/** What the first word asks for; undefined: a server. */
export function specialAction(words: readonly string[]): SpecialAction | undefined {
  return words.length > 0 && Object.hasOwn(ACTIONS, words[0]!) ? ACTIONS[words[0]!] : undefined;
}

/** Turns the words after the program's name into configuration. Never fails: bad options become bad lines. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const hasFile = words.length > 0 && !words[0]!.startsWith("-");
  let overrides = "";
  let stdin = false;
  let wantsValue = false; // the last option has no value yet, so the next word is one, whatever it looks like
  for (let i = hasFile ? 1 : 0; i < words.length; i++) {
    const word = words[i]!;
    const last = i === words.length - 1;
    if (word === "-" && (i === 0 || last)) {
      stdin = true;
    } else if (!wantsValue && word.startsWith("--")) {
      overrides += `${overrides && "\n"}${word.slice(2)} `;
      wantsValue = splitWords(word)?.length === 1;
      // A list that a script found empty: "--save --port 1" means no save points.
      if (wantsValue && word.toLowerCase() === "--save" && (last || words[i + 1]!.startsWith("--"))) {
        overrides += '""';
        wantsValue = last;
      }
    } else {
      overrides += `${quoted(word)} `;
      wantsValue = false;
    }
  }
  return { ...(hasFile && { file: words[0]! }), stdin, overrides };
}
