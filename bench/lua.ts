/**
 * Our Lua beside PUC's interpreter, which redis-server contains: `deno run -A --no-check bench/lua.ts`. The programs
 * are in lua.lua; times are of the process, all threads together, so that a busy machine does not count.
 */

import process from "node:process";
import { LuaTable } from "../lua/table.ts";
import { hostFunction } from "../lua/value.ts";
import { printingState } from "../tests/lua/lua51.ts";

const FILE = decodeURIComponent(new URL("./lua.lua", import.meta.url).pathname);

/** Lines of "name, first, best" as a map. */
function times(lines: readonly string[]): Map<string, string[]> {
  return new Map(
    lines.filter((line) => line !== "").map((line) => {
      const [name, ...figures] = line.split("\t");
      return [name!, figures];
    }),
  );
}

function ours(): Map<string, string[]> {
  const lines: string[] = [];
  const state = printingState(lines);
  const os = new LuaTable();
  os.setStr(
    "clock",
    hostFunction("clock", () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6),
  );
  state.globals.setStr("os", os);
  state.runToEnd(state.compile(Deno.readTextFileSync(FILE), "@lua.lua"), []);
  return times(lines);
}

function theirs(): Map<string, string[]> {
  const { stdout } = new Deno.Command("lua5.1", { args: [FILE] }).outputSync();
  return times(new TextDecoder().decode(stdout).split("\n"));
}

if (import.meta.main) {
  const real = theirs();
  console.log("| program | lua5.1 first | best | ours first | best |\n| --- | ---: | ---: | ---: | ---: |");
  for (const [name, figures] of ours()) {
    console.log(`| ${[name, ...real.get(name) ?? ["", ""], ...figures].join(" | ")} |`);
  }
}
