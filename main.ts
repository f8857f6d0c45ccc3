/**
 * The command line: flags and redis.conf become one RedisServer; signals and exit codes. No logic.
 */

import { CommandTable } from "./commands/table.ts";
import { checkUserLine } from "./server/acl.ts";
import { launch } from "./server/launch.ts";
import { RedisServer } from "./server/server.ts";

const table = new CommandTable();
const users: string[][] = [];
const code = await launch(Deno.args, {
  renameCommand: (from, to) => table.rename(from, to),
  user: (words) => checkUserLine(words) ?? void users.push([...words]),
  create: (parts) => new RedisServer({ ...parts, table, users }),
});
Deno.exit(code);
