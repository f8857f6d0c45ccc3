/** Fuzzing with a fixed seed: 200,000 requests in CI, a tenth of that elsewhere. */
import { assert } from "@std/assert";
import { startServer } from "../helpers/server.ts";
import { fuzz, FUZZ_ARGS } from "./fuzz.ts";

const CI = Deno.env.get("CI") === "true";

Deno.test("damaged requests do not hurt the server", async () => {
  await using server = await startServer("toy", { args: FUZZ_ARGS });
  const requests = CI ? 200_000 : 20_000;
  const result = await fuzz(server, { seed: 7, requests, limitMs: 240_000, memoryLimit: 768 * 1048576 });
  assert(result.requests === requests, `only ${result.requests} of ${requests} requests in the time allowed`);
  assert(result.closedByServer > 0, "no connection met a protocol error: the damage is too mild");
});
