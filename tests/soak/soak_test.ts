/** A short share of the soak runs with a fixed seed; `deno task soak` runs as long as one likes. */
import { POLICIES, soakEviction } from "./eviction.ts";
import { soakTracking } from "./tracking.ts";

for (const policy of POLICIES) {
  Deno.test(`${policy} under load keeps memory within the limit`, async () => {
    await soakEviction({ policy, commands: 16_000, room: 0.5, seed: 1 });
  });
}

Deno.test("no cache of a tracking client is out of date, and the table stays within its limit", async () => {
  await soakTracking({ clients: 150, keys: 2000, maxKeys: 300, rounds: 200, seed: 1 });
});
