/** Scripts in which the engine and its libraries work together, compared with the real server. */
import { LuaTable } from "../../lua/table.ts";
import { quote, toText } from "../helpers/bytes.ts";
import { realTest, startServer, withBoth } from "../helpers/server.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { DRIVER, newWorld } from "./real_calls.ts";

/** Host functions that are called by host functions: their errors have a position of their own. */
const UNCAUGHT: readonly string[] = [
  `return string.gsub("abc", "%w", string.rep)`,
  `table.sort({ 1, 2, 3 }, error)`,
  `string.gsub("abc", "%w", redis.call)`,
  `string.gsub("abc", "%w", error)`,
  `return coroutine.wrap(string.rep)()`,
  `local t = setmetatable({}, { __index = string.rep }) return t.x`,
  `return tostring(setmetatable({}, { __tostring = string.rep }))`,
];

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

realTest("EVAL of such scripts replies as the real server does, errors included", async () => {
  await withBoth({}, async (toy, redis) => {
    await using ours = await toy.connect();
    await using real = await redis.connect();
    const commands = [...EXPRESSIONS, ...UNCAUGHT].map((script) => ["EVAL", script, 0]);
    const expected = await real.pipeline(commands);
    const got = await ours.pipeline(commands);
    const differences = commands.flatMap(([, script], i) => {
      const a = toText(expected[i]!.raw), b = toText(got[i]!.raw);
      return a === b ? [] : [`${script}\n    real ${quote(a)}\n    ours ${quote(b)}`];
    });
    if (differences.length > 0) {
      throw new Error(`${differences.length} differences:\n${differences.slice(0, 20).join("\n")}`);
    }
  });
});
