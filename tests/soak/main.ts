/** deno task soak [--minutes N] [--seed S]: eviction and tracking under load, one after the other, until the time is up. */
import { parseArgs } from "@std/cli";
import { POLICIES, soakEviction } from "./eviction.ts";
import { soakTracking } from "./tracking.ts";

const flags = parseArgs(Deno.args, { string: ["minutes", "seed"], default: { minutes: "5" } });
let seed = Number(flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! % 1_000_000);
const end = Date.now() + Number(flags.minutes) * 60_000;
do {
  console.log(`seed ${seed}`);
  for (const policy of POLICIES) {
    console.log(await soakEviction({ policy, commands: 200_000, room: 8, seed }));
  }
  console.log(
    await soakTracking({ clients: 2000, keys: 20_000, maxKeys: 5000, rounds: 500, seed }),
  );
  seed++;
} while (Date.now() < end);
