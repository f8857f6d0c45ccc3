import { realTest } from "../helpers/server.ts";
import { proveSnapshots } from "./proof.ts";

// Memory is looked at by `deno task snapshot`: with so few keys it says nothing.
realTest("under writes all the time BGSAVE leaves the data set at its cut, says redis-server", async () => {
  await proveSnapshots({ keys: 20_000, saves: 3, seed: Number(Deno.env.get("TOY_REDIS_SEED") ?? 1) });
});
