/**
 * The command line: flags and redis.conf become one RedisServer; signals and exit codes. No logic.
 */

import { systemClock } from "./server/clock.ts";
import { Config } from "./server/config.ts";
import { Log } from "./server/log.ts";
import { Random } from "./server/random.ts";
import { RedisServer } from "./server/server.ts";

const config = new Config();
for (let i = 0; i + 1 < Deno.args.length; i += 2) {
  if (Deno.args[i] === "--port") config.port = Number(Deno.args[i + 1]);
}
const server = new RedisServer({
  config,
  log: new Log(systemClock),
  clock: systemClock,
  random: new Random(),
});
await server.start();
Deno.exit(await server.finished);
