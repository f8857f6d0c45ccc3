/**
 * Function libraries: loading their source, what functions they register, and how they are saved.
 *
 * A library is loaded into a set of libraries: the server's own, or (FUNCTION RESTORE, a full resync) one that takes
 * its place only when all of it is right.
 */

import { CommandError } from "../../commands/errors.ts";
import { LuaError } from "../../lua/error.ts";
import { LuaTable } from "../../lua/table.ts";
import { hostFunction, LuaFunction, type LuaValue } from "../../lua/value.ts";
import { toText } from "../../lua/number.ts";
import { lowerCase } from "../../types/bytes.ts";
import type { FunctionWorld } from "./worlds.ts";
import { libraryHead, scriptFlag } from "./shebang.ts";
import { errorTable } from "./to_lua.ts";
import { messageOf } from "./to_reply.ts";

/** One function. */
export interface ScriptFunction {
  readonly name: string;
  readonly description: string | null;
  /** ScriptFlag bits. */
  readonly flags: number;
  readonly callback: LuaFunction;
}

/** One library. Texts are binary strings. */
export interface Library {
  readonly name: string;
  readonly source: string;
  readonly functions: ScriptFunction[];
}

const BAD_NAME =
  "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
/** FUNCTION LOAD gives up after so long, milliseconds. */
const LOAD_LIMIT_MS = 500;
/** Bytes that a library and a function take beside their texts, about. */
const LIBRARY_BYTES = 160;
const FUNCTION_BYTES = 96;

/** A set of libraries that fit together: no two functions have the same name, whatever its case. */
export class LibrarySet {
  readonly libraries = new Map<string, Library>();
  readonly #functions = new Map<string, ScriptFunction>();
  /** Bytes of texts and records. Kept, not counted when asked: eviction asks before each command. */
  bytes = 0;

  get functionCount(): number {
    return this.#functions.size;
  }

  /** The function of this name in any case. */
  find(name: string): ScriptFunction | undefined {
    return this.#functions.get(name) ?? this.#functions.get(lowerCase(name));
  }

  add(library: Library): void {
    this.libraries.set(library.name, library);
    this.bytes += bytesOf(library);
    for (const fn of library.functions) this.#functions.set(lowerCase(fn.name), fn);
  }

  delete(library: Library): void {
    this.libraries.delete(library.name);
    this.bytes -= bytesOf(library);
    for (const fn of library.functions) this.#functions.delete(lowerCase(fn.name));
  }

  clear(): void {
    this.libraries.clear();
    this.bytes = 0;
    this.#functions.clear();
  }

  /** A function of `library` that another library here, which is none of `except`, has too. */
  collision(library: Library, except: ReadonlySet<Library>): string | undefined {
    for (const { name } of library.functions) {
      const known = this.find(name);
      if (known !== undefined && ![...except].some((other) => other.functions.includes(known))) return name;
    }
    return undefined;
  }

  /** Takes all libraries of another set. @throws CommandError where they do not fit; nothing is changed then */
  join(other: LibrarySet, replace: boolean): void {
    const replaced = new Set<Library>();
    for (const name of other.libraries.keys()) {
      const known = this.libraries.get(name);
      if (known === undefined) continue;
      if (!replace) throw new CommandError(`ERR Library ${name} already exists`);
      replaced.add(known);
    }
    for (const library of other.libraries.values()) {
      const twice = this.collision(library, replaced);
      if (twice !== undefined) throw new CommandError(`ERR Function ${twice} already exists`);
    }
    for (const library of replaced) this.delete(library);
    for (const library of other.libraries.values()) this.add(library);
  }
}

function bytesOf({ name, source, functions }: Library): number {
  let bytes = LIBRARY_BYTES + name.length + source.length;
  for (const fn of functions) bytes += FUNCTION_BYTES + fn.name.length + (fn.description?.length ?? 0);
  return bytes;
}

/** Loads libraries. */
export class LibraryLoader {
  /** redis.register_function. */
  readonly register: LuaFunction = hostFunction("register_function", (...args) => this.#register(args));
  readonly #world: () => FunctionWorld;
  readonly #monoMs: () => number;
  #loading: Library | null = null;

  /** `world` is made when the first library comes; `monoMs` counts milliseconds. */
  constructor(world: () => FunctionWorld, monoMs: () => number) {
    this.#world = world;
    this.#monoMs = monoMs;
  }

  /**
   * Runs a library's source and adds it to the set. Returns its name.
   * @param limited it may run for so long only as FUNCTION LOAD lets it
   * @throws CommandError where it is wrong; the set is as it was then
   */
  load(source: string, set: LibrarySet, replace: boolean, limited: boolean): string {
    const { engine, name, codeStart } = libraryHead(source);
    if (!isName(name)) throw new CommandError(`ERR ${BAD_NAME}`);
    if (lowerCase(engine) !== "lua") throw new CommandError(`ERR Engine '${engine}' not found`);
    const old = set.libraries.get(name);
    if (old !== undefined && !replace) throw new CommandError(`ERR Library '${name}' already exists`);
    const library: Library = { name, source, functions: [] };
    this.#run(library, source.slice(codeStart), limited);
    if (library.functions.length === 0) throw new CommandError("ERR No functions registered");
    const twice = set.collision(library, new Set(old === undefined ? [] : [old]));
    if (twice !== undefined) throw new CommandError(`ERR Function ${twice} already exists`);
    if (old !== undefined) set.delete(old);
    set.add(library);
    return name;
  }

  #run(library: Library, code: string, limited: boolean): void {
    const world = this.#world();
    const { state } = world;
    let fn: LuaFunction;
    try {
      fn = state.compile(code, "@user_function", world.environment);
    } catch (error) {
      throw new CommandError(`ERR Error compiling function: ${textOf(error)}`);
    }
    world.loading = true;
    this.#loading = library;
    const deadline = limited ? this.#monoMs() + LOAD_LIMIT_MS : Infinity;
    let late = false;
    try {
      const call = state.run(fn, []);
      while (!call.next().done) {
        if (this.#monoMs() < deadline) continue;
        late = true;
        state.interrupt("");
      }
    } catch (error) {
      const text = late ? "ERR FUNCTION LOAD timeout" : raisedText(error);
      throw new CommandError(`ERR Error registering functions: ${text}`);
    } finally {
      world.loading = false;
      this.#loading = null;
    }
  }

  /** redis.register_function(name, callback), or of one table with named arguments. */
  #register(args: readonly LuaValue[]): LuaValue[] {
    const library = this.#loading;
    if (library === null) refuse("redis.register_function can only be called on FUNCTION LOAD command");
    if (args.length < 1 || args.length > 2) refuse("wrong number of arguments to redis.register_function");
    const fn = args.length === 1 ? fromTable(args[0]) : fromPair(args);
    if (!isName(fn.name)) refuse(BAD_NAME);
    if (library.functions.some(({ name }) => lowerCase(name) === lowerCase(fn.name))) {
      refuse("Function already exists in the library");
    }
    library.functions.push(fn);
    return [];
  }
}

function fromPair([name, callback]: readonly LuaValue[]): ScriptFunction {
  const text = toText(name);
  if (text === undefined) refuse("first argument to redis.register_function must be a string");
  if (!(callback instanceof LuaFunction)) {
    refuse("second argument to redis.register_function must be a function");
  }
  return { name: text, description: null, flags: 0, callback };
}

function fromTable(table: LuaValue): ScriptFunction {
  if (!(table instanceof LuaTable)) {
    refuse(
      "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
    );
  }
  let name: string | undefined;
  let description: string | null = null;
  let callback: LuaFunction | undefined;
  let flags = 0;
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    const key = table.keyAt(i);
    const value = table.valueAt(i);
    switch (typeof key === "string" ? lowerCase(key) : key) {
      case "function_name":
        name = toText(value) ??
          refuse("function_name argument given to redis.register_function must be a string");
        break;
      case "description":
        description = toText(value) ??
          refuse("description argument given to redis.register_function must be a string");
        break;
      case "callback":
        if (!(value instanceof LuaFunction)) {
          refuse("callback argument given to redis.register_function must be a function");
        }
        callback = value;
        break;
      case "flags":
        if (!(value instanceof LuaTable)) {
          refuse("flags argument to redis.register_function must be a table representing function flags");
        }
        flags = flagsOf(value);
        break;
      default:
        refuse("unknown argument given to redis.register_function");
    }
  }
  if (name === undefined) refuse("redis.register_function must get a function name argument");
  if (callback === undefined) refuse("redis.register_function must get a callback argument");
  return { name, description, flags, callback };
}

function flagsOf(table: LuaTable): number {
  let flags = 0;
  for (let i = 1;; i++) {
    const word = table.getNumber(i);
    if (word === undefined) return flags;
    flags |= (typeof word === "string" ? scriptFlag(word) : undefined) ?? refuse("unknown flag given");
  }
}

/** Raises an error in the library. */
function refuse(text: string): never {
  throw new LuaError(errorTable(`ERR ${text}`, false));
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

function textOf(error: unknown): string {
  if (!(error instanceof LuaError)) throw error;
  return error.message;
}

/** What an uncaught error says, with a code. */
function raisedText(error: unknown): string {
  if (!(error instanceof LuaError)) throw error;
  return error.value instanceof LuaTable ? messageOf(error.value) : `ERR ${error.message}`;
}
