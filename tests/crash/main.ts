/** `deno task crash [rounds] [seed]`: the long run of crash.ts, with a line for each round. */
import { crash } from "./crash.ts";

const rounds = Number(Deno.args[0] ?? 300);
const seed = Number(Deno.args[1] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
if (!(rounds > 0 && seed >= 0)) throw new TypeError("usage: deno task crash [rounds] [seed]");
console.log(`${rounds} rounds, seed ${seed}`);
await crash({ rounds, seed, log: (line) => console.log(line) });
console.log("nothing was lost");
