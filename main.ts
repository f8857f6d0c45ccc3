/**
 * The command line: flags and redis.conf become one RedisServer; signals and exit codes. No logic.
 */

import { CommandTable } from "./commands/table.ts";
import { UserLines } from "./server/acl_file.ts";
import { launch } from "./server/launch.ts";
import { RedisServer } from "./server/server.ts";

const table = new CommandTable();
const users = new UserLines(table);
const code = await launch(Deno.args, {
  renameCommand: (from, to) => table.rename(from, to),
  user: (words) => users.add(words),
  create: (parts) => new RedisServer({ ...parts, table, users: users.lines }),
});
Deno.exit(code);
