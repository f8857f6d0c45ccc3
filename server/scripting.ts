/**
 * Scripts of one server: the cache of EVAL, the libraries of FUNCTION, what a script may do, and the script that is busy.
 * How one runs is in scripts/run.ts, what it finds in scripts/worlds.ts.
 */

import type { Args } from "../commands/args.ts";
import type { Suspension } from "../commands/block.ts";
import type { Context } from "../commands/context.ts";
import { CommandError, MASTERDOWN, NOSCRIPT } from "../commands/errors.ts";
import type { Command } from "../commands/table.ts";
import { LuaError } from "../lua/error.ts";
import type { LuaState } from "../lua/state.ts";
import { Random48 } from "../lua/random48.ts";
import { LuaTable } from "../lua/table.ts";
import {
  FunctionPayloadError,
  functionsOfPayload,
  isPayload,
  payloadOfFunctions,
} from "../persistence/dump.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";
import { sha1Hex } from "../types/sha1.ts";
import { type Script, ScriptCache } from "./scripts/cache.ts";
import { ScriptCaller } from "./scripts/caller.ts";
import { LibraryLoader, LibrarySet, type ScriptFunction } from "./scripts/libraries.ts";
import { type ScriptRun, ScriptRunner } from "./scripts/run.ts";
import { commandFlags, declaredFlags, ScriptFlag, scriptFlagWords } from "./scripts/shebang.ts";
import { evalWorld, FunctionWorld, setGlobal } from "./scripts/worlds.ts";
import type { RedisServer } from "./server.ts";

const NOT_BUSY = new CommandError("NOTBUSY No scripts in execution right now.");
const UNKILLABLE = new CommandError(
  "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script " +
    "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);
const BUSY_SCRIPT = new CommandError(
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
);
const BUSY_FUNCTION = new CommandError(
  "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
);
const READ_ONLY_COMMAND = new CommandError(
  "ERR Can not execute a script with write flag using *_ro command.",
);
const STALE = new CommandError(
  "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script.",
);
const BAD_PAYLOAD = new CommandError("ERR DUMP payload version or checksum are wrong");
const NO_FUNCTION = new CommandError("ERR Function not found");

/**
 * What a Lua world takes of the heap before the first script, and a compiled script, by itself and for each byte of its
 * text: by how much the heap grew, after a collection, when 20 worlds and 500 scripts were made.
 */
const WORLD_BYTES = 30_000;
const COMPILED_BYTES = 600;
const COMPILED_BYTES_PER_BYTE = 27;

/** Where a script's keys and arguments are in its command. */
interface Given {
  readonly keys: number;
  readonly readOnly: boolean;
}

/** The scripts of one server. */
export class Scripting {
  readonly libraries = new LibrarySet();
  readonly #server: RedisServer;
  readonly #cache = new ScriptCache();
  readonly #caller: ScriptCaller;
  readonly #runner: ScriptRunner;
  readonly #loader: LibraryLoader;
  /** Outlives SCRIPT FLUSH and FUNCTION FLUSH, as in Redis. */
  readonly #random = new Random48();
  #evalState: LuaState | null = null;
  #functions: FunctionWorld | null = null;

  constructor(server: RedisServer) {
    this.#server = server;
    this.#caller = new ScriptCaller(server);
    this.#runner = new ScriptRunner(server, this.#caller);
    this.#loader = new LibraryLoader(() => this.#functionWorld, () => server.clock.monoMs());
  }

  /** Made when first needed: most servers never run a script. */
  get #evalWorld(): LuaState {
    return this.#evalState ??= evalWorld(this.#server, this.#caller, this.#random);
  }

  get #functionWorld(): FunctionWorld {
    return this.#functions ??= new FunctionWorld(
      this.#server,
      this.#caller,
      this.#random,
      this.#loader.register,
    );
  }

  // -- EVAL -------------------------------------------------------------------------------------------------------

  /** Runs the script whose text is argument 1. @throws CommandError */
  evaluate(ctx: Context, args: Args, given: Given): Suspension | void {
    const { buf, starts, ends } = args;
    const script = this.#cache.findText(buf, starts[1]!, ends[1]!) ?? this.#compile(args.bytes(1));
    return this.#run(ctx, args, script, given);
  }

  /** Runs the script whose digest is argument 1. @throws CommandError */
  evaluateSha(ctx: Context, args: Args, given: Given): Suspension | void {
    const script = this.#cache.findSha(args.buf, args.starts[1]!, args.ends[1]!);
    if (script === undefined) throw NOSCRIPT;
    return this.#run(ctx, args, script, given);
  }

  /** Compiles a script, unless it is there already, and returns its digest. @throws CommandError */
  load(source: Uint8Array): string {
    return (this.#cache.findText(source, 0, source.length) ?? this.#compile(source)).sha;
  }

  /** Whether there is a script with this digest. */
  has(args: Args, i: number): boolean {
    return this.#cache.findSha(args.buf, args.starts[i]!, args.ends[i]!) !== undefined;
  }

  /** Forgets all scripts, and whatever they have made of their world. */
  flush(): void {
    this.#cache.clear();
    this.#evalState = null;
  }

  #compile(source: Uint8Array): Script {
    const text = latin1(source);
    const { flags, codeStart } = declaredFlags(text);
    try {
      const fn = this.#evalWorld.compile(codeStart === 0 ? text : text.slice(codeStart), "@user_script");
      const script: Script = { sha: sha1Hex(source, 0, source.length), source, fn, flags };
      this.#cache.add(script);
      return script;
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      throw new CommandError(`ERR Error compiling script (new function): ${error.message}`);
    }
  }

  #run(ctx: Context, args: Args, script: Script, given: Given): Suspension | void {
    const run = this.#prepare(ctx, args, script.sha, false, script.flags, given.readOnly);
    const state = this.#evalWorld;
    const first = 3;
    setGlobal(state, "KEYS", list(args, first, first + given.keys));
    setGlobal(state, "ARGV", list(args, first + given.keys, args.count));
    return this.#runner.start(ctx, run, state, script.fn, []);
  }

  /** What a script may do. @throws CommandError where it must not run at all */
  #prepare(
    ctx: Context,
    args: Args,
    name: string,
    isFunction: boolean,
    flags: number,
    readOnly: boolean,
  ): ScriptRun {
    const declared = (flags & ScriptFlag.UNDECLARED) === 0;
    const noWrites = declared && (flags & ScriptFlag.NO_WRITES) !== 0;
    if (this.#server.staleReplica && !ctx.client.loader && (flags & ScriptFlag.ALLOW_STALE) === 0) {
      throw declared ? STALE : MASTERDOWN;
    }
    if (declared && !noWrites && readOnly) throw READ_ONLY_COMMAND;
    if (this.#runner.current !== null) throw this.busyError;
    return {
      caller: ctx.client,
      command: ctx.command,
      args,
      name,
      isFunction,
      readOnly: readOnly || noWrites,
      outOfMemory: this.#server.dispatcher.outOfMemory && !(declared && (flags & ScriptFlag.ALLOW_OOM) !== 0),
      wrote: false,
      startedMs: -1,
    };
  }

  // -- Functions --------------------------------------------------------------------------------------------------

  /** The function that argument 1 names. @throws CommandError */
  findFunction(args: Args): ScriptFunction {
    const fn = this.libraries.find(args.text(1));
    if (fn === undefined) throw NO_FUNCTION;
    return fn;
  }

  /** Runs a function. @throws CommandError */
  callFunction(ctx: Context, args: Args, fn: ScriptFunction, given: Given): Suspension | void {
    const run = this.#prepare(ctx, args, fn.name, true, fn.flags, given.readOnly);
    const first = 3;
    const keys = list(args, first, first + given.keys);
    const rest = list(args, first + given.keys, args.count);
    return this.#runner.start(ctx, run, this.#functionWorld.state, fn.callback, [keys, rest]);
  }

  /** Loads a library and returns its name. @throws CommandError */
  loadLibrary(source: string, replace: boolean, limited: boolean): string {
    return this.#loader.load(source, this.libraries, replace, limited);
  }

  /** The words of a function's flags. */
  readonly flagWords = scriptFlagWords;

  /** Removes all libraries. */
  flushLibraries(): void {
    this.libraries.clear();
    this.#functions = null;
  }

  /** Source texts of all libraries. */
  *librarySources(): Iterable<Uint8Array> {
    for (const { source } of this.libraries.libraries.values()) yield fromLatin1(source);
  }

  /** All libraries as a payload. */
  dumpLibraries(): Uint8Array {
    return payloadOfFunctions(this.librarySources(), this.#server.config.rdbcompression);
  }

  /**
   * Loads the libraries of a payload, beside those there are ("append"), in place of those of the same names ("replace")
   * or of all ("flush"). @throws CommandError; nothing is changed then
   */
  restoreLibraries(payload: Uint8Array, policy: "append" | "replace" | "flush"): void {
    if (!isPayload(payload, 0, payload.length, this.#server.skipChecksums)) throw BAD_PAYLOAD;
    const loaded = new LibrarySet();
    for (const source of sourcesOf(payload)) this.#loader.load(latin1(source), loaded, false, false);
    if (policy === "flush") this.libraries.clear();
    this.libraries.join(loaded, policy === "replace");
  }

  // -- What the gate asks -------------------------------------------------------------------------------------------

  /** The flags of a command that runs a script: those that the script declares, where it does. */
  flagsOf(command: Command, args: Args): number {
    const { flags } = command;
    const declared = this.#declared(command, args);
    return declared === undefined ? flags : commandFlags(flags, declared);
  }

  #declared(command: Command, args: Args): number | undefined {
    const { buf, starts, ends } = args;
    const start = starts[1]!, end = ends[1]!;
    switch (command.fullName) {
      case "fcall":
      case "fcall_ro":
        return this.libraries.find(args.text(1))?.flags;
      case "evalsha":
      case "evalsha_ro":
        return this.#cache.findSha(buf, start, end)?.flags;
    }
    // Without a first line there is nothing to declare; that is seen quickest.
    if (end - start < 2 || buf[start] !== 35 || buf[start + 1] !== 33) return undefined;
    try {
      return declaredFlags(args.text(1)).flags;
    } catch (error) {
      if (error instanceof CommandError) return undefined;
      throw error;
    }
  }

  // -- The busy script ----------------------------------------------------------------------------------------------

  /** What others are told while a script is busy. */
  get busyError(): CommandError {
    return this.#runner.current?.isFunction === true ? BUSY_FUNCTION : BUSY_SCRIPT;
  }

  /** Fulfilled when the busy script is over. */
  get over(): Promise<void> {
    return this.#runner.over;
  }

  /** The script under way and for how many milliseconds it has run; null without one. */
  get running(): { run: ScriptRun; forMs: number } | null {
    const run = this.#runner.current;
    return run === null ? null : { run, forMs: Math.floor(this.#server.clock.monoMs() - run.startedMs) };
  }

  /** SCRIPT KILL, FUNCTION KILL. @throws CommandError */
  kill(isFunction: boolean): void {
    const run = this.#runner.current;
    if (run === null) throw NOT_BUSY;
    if (run.wrote) throw UNKILLABLE;
    if (run.isFunction !== isFunction) throw this.busyError;
    this.#runner.kill();
  }

  /** The server ends. */
  stop(): void {
    this.#runner.stop();
  }

  // -- Memory -------------------------------------------------------------------------------------------------------

  /** Scripts in the cache. */
  get cachedScripts(): number {
    return this.#cache.size;
  }

  /** Bytes of the cache and of the libraries. */
  get bytes(): number {
    return this.#cache.bytes + this.libraries.bytes;
  }

  /** Bytes of the cache, of the libraries, and what both Lua worlds take, about. */
  get memory(): { scripts: number; functions: number; evalWorld: number; functionWorld: number } {
    let text = 0;
    for (const { source } of this.libraries.libraries.values()) text += source.length;
    const world = (made: boolean, compiled: number, bytes: number): number =>
      made ? WORLD_BYTES + compiled * COMPILED_BYTES + bytes * COMPILED_BYTES_PER_BYTE : 0;
    return {
      scripts: this.#cache.bytes,
      functions: this.libraries.bytes,
      evalWorld: world(this.#evalState !== null, this.#cache.size, this.#cache.textBytes),
      functionWorld: world(this.#functions !== null, this.libraries.libraries.size, text),
    };
  }
}

/** @throws CommandError */
function sourcesOf(payload: Uint8Array): Uint8Array[] {
  try {
    return functionsOfPayload(payload);
  } catch (error) {
    throw error instanceof FunctionPayloadError ? new CommandError(`ERR ${error.text}`) : error;
  }
}

/** Arguments `from` to `to` (not included) as a Lua list. */
function list(args: Args, from: number, to: number): LuaTable {
  const table = new LuaTable();
  const { buf, starts, ends } = args;
  if (to > from) table.reserve(to - from);
  for (let i = from; i < to; i++) table.setNumber(i - from + 1, latin1(buf, starts[i]!, ends[i]!));
  return table;
}
