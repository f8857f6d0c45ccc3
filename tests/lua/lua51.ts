/**
 * Lua programs run by our engine and by PUC's interpreter (`lua5.1`, where it is installed), with what they print as
 * one text. Addresses are cut out: they differ from run to run.
 */

import { call } from "../../lua/call.ts";
import { LuaError } from "../../lua/error.ts";
import { LuaState } from "../../lua/state.ts";
import { first, generatorFunction } from "../../lua/value.ts";
import { latin1 } from "../../types/bytes.ts";

/** Seconds that PUC's interpreter may take. */
const LIMIT = 10;

/** A state with a `print` that appends to `lines`. */
export function printingState(lines: string[]): LuaState {
  const state = new LuaState();
  state.globals.setStr(
    "print",
    generatorFunction("print", function* (...args) {
      const texts: string[] = [];
      for (const arg of args) {
        texts.push(first(yield* call(state, state.globals.getStr("tostring"), [arg])) as string);
      }
      lines.push(texts.join("\t"));
      return [];
    }),
  );
  return state;
}

/**
 * What a program prints; the error it ends with is the last line.
 * @param source its bytes as char codes
 * @param budget steps after which it is suspended each time
 */
export function runOurs(source: string, chunkName: string, budget = 100_000): string {
  const lines: string[] = [];
  const state = printingState(lines);
  state.budget = budget;
  try {
    state.runToEnd(state.compile(source, chunkName), []);
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    lines.push(error.message);
  }
  return withoutAddresses(lines.join("\n"));
}

/** What PUC's interpreter prints for a file; undefined where it took too long. */
export function runReal(directory: string, file: string): string | undefined {
  const command = new Deno.Command("timeout", { args: [String(LIMIT), "lua5.1", file], cwd: directory });
  const { code, stdout, stderr } = command.outputSync();
  if (code === 124) return undefined;
  const complaint = latin1(stderr).split("\nstack traceback")[0]!.replace(/^lua5.1: /, "");
  return withoutAddresses((latin1(stdout) + complaint).trimEnd());
}

/** Whether PUC's interpreter is there. Says so where it is not: what is skipped should be seen. */
export function hasReal(): boolean {
  try {
    return new Deno.Command("lua5.1", { args: ["-v"] }).outputSync().success;
  } catch {
    console.warn("lua5.1 is not installed: programs are compared with recorded results alone");
    return false;
  }
}

function withoutAddresses(text: string): string {
  return text.replace(/0x[0-9a-f]{6,}/g, "0x");
}
