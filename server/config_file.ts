/**
 * Reads redis.conf: a configuration file, standard input and the command line, one after the other, as one text.
 *
 * They are one text on purpose. The command line's `--port 6379` becomes the line `port "6379"` at its end, so it obeys the same rules
 * and quoting and shows up in errors by its line number. A bad line ends the start with the "FATAL CONFIG FILE ERROR" report
 * that tools know. `include` files are read where they stand, each with line numbers of its own.
 */
import type { CommandLine } from "./config_cli.ts";
import type { Config } from "./config.ts";
import { findDirective } from "./config_directives.ts";
import { isAbsolute, joinPath, missingFile, SystemError } from "./config_host.ts";
import { splitWords } from "../types/quoting.ts";
import { ConfigError } from "./config_types.ts";
import { REDIS_VERSION } from "./version.ts";

/** Takes the lines of a configuration file that are not settings. */
export interface LoadHandlers {
  /** A line for the log, at warning level. */
  note(message: string): void;
  /** `rename-command <name> <new name>`, "" removes the command. Returns an error text to refuse. */
  renameCommand(name: string, newName: string): string | void;
  /** `user <name> <rule> ...`: all the words after "user". Returns the bad word and the reason to refuse. */
  user(words: readonly string[]): { word: string; reason: string } | void;
}

/** What a configuration asks for beside settings. */
export interface LoadedExtras {
  /** `loadmodule` lines: path and arguments. */
  readonly modules: readonly (readonly string[])[];
  /** Settings of modules (`module.name value`). */
  readonly moduleSettings: readonly string[];
}

/** The configuration cannot be used. `report` goes to standard error as it is (binary string). */
export class FatalConfigError extends Error {
  override name = "FatalConfigError";
  readonly report: string;

  constructor(message: string, where?: { line: number; text: string }) {
    super(message);
    const place = where ? `Reading the configuration file, at line ${where.line}\n>>> '${where.text}'\n` : "";
    this.report = `\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\n${place}${message}\n`;
  }
}

/** A configuration file cannot be opened. The message goes to the log. */
export class MissingConfigError extends Error {
  override name = "MissingConfigError";
}

/** Directives that older versions had: accepted in a file, without effect, with one value. */
const RETIRED: ReadonlySet<string> = new Set([
  "list-max-ziplist-entries",
  "list-max-ziplist-value",
  "lua-replicate-commands",
]);

/** Includes within includes; beyond that a file surely includes itself. */
const MAX_INCLUDE_DEPTH = 64;

/**
 * Loads what the command line names into `config`.
 * @throws FatalConfigError, MissingConfigError
 */
export function loadConfig(config: Config, commandLine: CommandLine, handlers: LoadHandlers): LoadedExtras {
  const loader = new Loader(config, handlers);
  if (commandLine.file !== undefined) {
    config.file = absolutePath(config.host.startDirectory, commandLine.file);
  }
  let text = commandLine.file === undefined ? "" : loader.read(config.file);
  if (commandLine.stdin) {
    handlers.note("Reading config from stdin");
    text += config.host.readStdin();
  }
  loader.load(`${text}\n${commandLine.overrides}`);
  return loader;
}

/** The absolute form of the configuration file's name; only "../" at its beginning is resolved, as with Redis. */
function absolutePath(directory: string, name: string): string {
  let rest = name.replace(/^[ \r\n\t]+|[ \r\n\t]+$/g, "");
  if (isAbsolute(rest)) return rest;
  let base = directory;
  while (rest.startsWith("../")) {
    rest = rest.slice(3);
    base = base.replace(/[\\/][^\\/]*$/, "");
  }
  return `${base.replace(/[\\/]$/, "")}/${rest}`;
}

class Loader implements LoadedExtras {
  readonly modules: string[][] = [];
  readonly moduleSettings: string[] = [];
  readonly #config: Config;
  readonly #handlers: LoadHandlers;
  readonly #seen = new Set<string>();
  #depth = 0;
  /**
   * Lines of redis-server's add up (the save points do) until an included file is over; each one behind it stands for
   * itself.
   */
  #addsUp = true;

  constructor(config: Config, handlers: LoadHandlers) {
    this.#config = config;
    this.#handlers = handlers;
  }

  /** The content of a file, or of all files that a pattern matches (none is fine). */
  read(name: string): string {
    const host = this.#config.host;
    const path = joinPath(this.#config.dir, name);
    if (!/[*?[]/.test(name)) return this.#readOne(path, name);
    return host.glob(path).map((match) => this.#readOne(match, match)).join("");
  }

  #readOne(path: string, shown: string): string {
    try {
      if (shown === "") throw missingFile();
      return this.#config.host.readFile(path);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      throw new MissingConfigError(`Fatal error, can't open config file '${shown}': ${error.message}`);
    }
  }

  /** Obeys a whole text. */
  load(text: string): void {
    this.#addsUp = true;
    for (const [i, raw] of text.split("\n").entries()) {
      const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
      if (line === "" || line.startsWith("#")) continue;
      try {
        this.#obey(line);
      } catch (error) {
        if (!(error instanceof ConfigError || error instanceof SystemError)) throw error;
        throw new FatalConfigError(error.message, { line: i + 1, text: line });
      }
    }
    this.#addsUp = false;
    this.#checkWhole();
  }

  #obey(line: string): void {
    const words = splitWords(line);
    if (!words) throw new ConfigError("Unbalanced quotes in configuration line");
    if (words.length === 0) return;
    const name = words[0]!.toLowerCase();
    const values = words.slice(1);
    const found = findDirective(name);
    if (found) {
      const { name: known } = found.directive;
      this.#config.setFromFile(found.directive, values, !this.#addsUp || !this.#seen.has(known));
      if (this.#addsUp) this.#seen.add(known);
    } else if (!(RETIRED.has(name) && values.length === 1)) {
      this.#obeyOther(name, values);
    }
  }

  /** A line that is no setting. */
  #obeyOther(name: string, values: string[]): void {
    if (name === "include" && values.length === 1) {
      this.#include(values[0]!);
    } else if (name === "rename-command" && values.length === 2) {
      const refusal = this.#handlers.renameCommand(values[0]!, values[1]!);
      if (refusal !== undefined) throw new ConfigError(refusal);
    } else if (name === "user" && values.length >= 1) {
      const refusal = this.#handlers.user(values);
      if (refusal) throw new ConfigError(`Error in user declaration '${refusal.word}': ${refusal.reason}`);
    } else if (name === "loadmodule" && values.length >= 1) {
      this.modules.push(values);
    } else if (name.includes(".")) {
      if (values.length === 0) throw new ConfigError("Module config specified without value");
      this.moduleSettings.push(name);
    } else if (name !== "sentinel") {
      throw new ConfigError("Bad directive or wrong number of arguments");
    } else if (values.length > 0) {
      throw new ConfigError("sentinel directive while not in sentinel mode");
    }
  }

  #include(name: string): void {
    if (this.#depth >= MAX_INCLUDE_DEPTH) throw new ConfigError("Too many levels of include");
    const text = this.read(name);
    this.#depth++;
    this.load(text);
    this.#depth--;
  }

  /** What can only be judged when all lines of a file are in. */
  #checkWhole(): void {
    const config = this.#config;
    if (config.logfile !== "") {
      try {
        config.host.checkAppend(joinPath(config.dir, config.logfile));
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        throw new FatalConfigError(`Can't open the log file: ${error.message}`);
      }
    }
    if (config.clusterEnabled && config.replicaof) {
      throw new FatalConfigError("replicaof directive not allowed in cluster mode");
    }
  }
}
