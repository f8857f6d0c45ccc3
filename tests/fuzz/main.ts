/** deno task fuzz [--requests N] [--seed S] [--minutes M] [--server toy|redis] */
import { parseArgs } from "@std/cli";
import { startServer } from "../helpers/server.ts";
import { fuzz, FUZZ_ARGS } from "./fuzz.ts";

const flags = parseArgs(Deno.args, {
  string: ["requests", "seed", "minutes", "server"],
  default: { requests: "2000000", minutes: "30", server: "toy" },
});
const seed = flags.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(flags.seed);
console.log(`seed ${seed}`);
await using server = await startServer(flags.server === "redis" ? "redis" : "toy", { args: FUZZ_ARGS });
const started = performance.now();
let told = 0;
const result = await fuzz(server, {
  seed,
  requests: Number(flags.requests),
  limitMs: Number(flags.minutes) * 60_000,
  memoryLimit: 1024 * 1048576,
  onProgress(sent) {
    if (sent - told < 50_000) return;
    told = sent;
    console.log(`${sent} requests, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  },
});
console.log(result);
