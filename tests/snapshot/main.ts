/** `deno task snapshot [keys] [saves] [seed]`: proof.ts at full size, with a line for each save. */
import { proveSnapshots } from "./proof.ts";

/** How much memory may grow during a save, as a share of the data set. */
const MOST_GROWTH = 0.25;

const keys = Number(Deno.args[0] ?? 1_000_000);
const saves = Number(Deno.args[1] ?? 3);
const seed = Number(Deno.args[2] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
console.log(`${keys} keys, ${saves} saves, seed ${seed}`);
const growth = await proveSnapshots({ keys, saves, seed, log: (line) => console.log(line) });
const isSmall = growth < MOST_GROWTH;
console.log(`memory grew by ${(growth * 100).toFixed(1)}% at most${isSmall ? "" : ": too much"}`);
Deno.exit(isSmall ? 0 : 1);
