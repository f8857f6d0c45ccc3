/** Fuzzing with a fixed seed: 200,000 requests in CI, a tenth of that elsewhere. */
import { assert, assertEquals } from "@std/assert";
import { startServer } from "../helpers/server.ts";
import { Random } from "../helpers/random.ts";
import { Documentation } from "./documented.ts";
import { fuzz, FUZZ_ARGS } from "./fuzz.ts";

const CI = Deno.env.get("CI") === "true";

Deno.test("damaged requests do not hurt the server", async () => {
  await using server = await startServer("toy", { args: FUZZ_ARGS });
  const requests = CI ? 200_000 : 20_000;
  const result = await fuzz(server, { seed: 7, requests, limitMs: 240_000, memoryLimit: 768 * 1048576 });
  assert(result.requests === requests, `only ${result.requests} of ${requests} requests in the time allowed`);
  assert(result.closedByServer > 0, "no connection met a protocol error: the damage is too mild");
});

Deno.test("every documented command and option is drawn", async () => {
  await using server = await startServer("toy");
  await using client = await server.connect();
  const documentation = await Documentation.of(client);
  const last = documentation.last.map(({ words }) => words.join(" "));
  for (const name of ["monitor", "subscribe", "client reply", "client kill", "psync", "wait", "quit"]) {
    assert(last.includes(name), name);
  }
  const missing = new Set<string>();
  for (const { words, options } of documentation.commands) {
    for (const option of options) missing.add([...words, option].join(" "));
    missing.add(words.join(" "));
  }
  assert(missing.size > 500, `${missing.size} commands and options`);
  const random = new Random(3);
  for (let i = 0; i < 100_000 && missing.size > 0; i++) {
    const { words, args } = documentation.drawParts(random);
    const name = words.join(" ");
    missing.delete(name);
    for (const arg of args) missing.delete(`${name} ${arg}`);
  }
  assertEquals([...missing], []);
});
