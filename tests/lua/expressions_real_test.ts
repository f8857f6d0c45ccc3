/** Scripts in which the engine and its libraries work together, compared with the real server. */
import { LuaTable } from "../../lua/table.ts";
import { quote } from "../helpers/bytes.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { DRIVER, newWorld } from "./real_calls.ts";

/** A chunk for DRIVER that runs the body of a function, under the name that Redis gives scripts. */
function protectedCall(body: string): string {
  return `return pcall(loadstring(${longString(body)}, "@user_script"))`;
}

function longString(text: string): string {
  return `[==[${text}]==]`;
}

function describeOurs(chunks: readonly string[]): string[] {
  const state = newWorld();
  const argv = new LuaTable();
  chunks.forEach((chunk, i) => argv.set(i + 1, chunk));
  state.globals.set("ARGV", argv);
  const [results] = state.runToEnd(state.compile(DRIVER, "@driver"), []);
  if (!(results instanceof LuaTable)) throw new Error("the driver returned no table");
  return chunks.map((_, i) => String(results.get(i + 1)));
}

realTest("scripts that use the Lua libraries answer as the real server's do", async () => {
  const chunks = EXPRESSIONS.map(protectedCall);
  await using redis = await startServer("redis");
  await using client = await redis.connect();
  const reply = await client.call("EVAL", DRIVER, 0, ...chunks);
  if (reply.type !== "array") throw new Error("the driver failed: " + JSON.stringify(reply));
  const ours = describeOurs(chunks);
  const differences: string[] = [];
  reply.items.forEach((item, i) => {
    const real = item.type === "bulk" ? item.text : item.type;
    if (real === ours[i]) return;
    differences.push(`${EXPRESSIONS[i]}\n    real ${quote(real)}\n    ours ${quote(ours[i]!)}`);
  });
  if (differences.length > 0) {
    throw new Error(`${differences.length} differences:\n${differences.slice(0, 20).join("\n")}`);
  }
});
