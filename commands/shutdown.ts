/** SHUTDOWN: the orderly end. How it is done stands in server/shutdown.ts. */

import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import type { CommandRow } from "./row.ts";

/** The row of SHUTDOWN. */
export const shutdownRow: CommandRow = {
  name: "SHUTDOWN",
  arity: -1,
  flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
  keys: [0, 0, 0],
  categories: [],
  run: shutdown,
};

const NONE_UNDER_WAY = new CommandError("ERR No shutdown in progress.");
const FAILED = new CommandError("ERR Errors trying to SHUTDOWN. Check logs.");
const NO_BLOCKING = new CommandError(
  "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client",
);

/** SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]. The only reply to one that works is the end of the connection. */
function shutdown(ctx: Context, args: Args): Block | void {
  const { server, client } = ctx;
  const given = { SAVE: false, NOSAVE: false, NOW: false, FORCE: false, ABORT: false };
  for (let i = 1; i < args.count; i++) {
    const word = args.text(i).toUpperCase();
    if (!Object.hasOwn(given, word)) throw SYNTAX;
    given[word as keyof typeof given] = true;
  }
  const others = given.SAVE || given.NOSAVE || given.NOW || given.FORCE;
  if ((given.ABORT && others) || (given.SAVE && given.NOSAVE)) throw SYNTAX;
  if (given.ABORT) {
    if (!server.shutdown.abort()) throw NONE_UNDER_WAY;
    return ctx.reply.ok();
  }
  // The data are in the middle of a script's work: they must not be saved now.
  if (server.dispatcher.busy && !given.NOSAVE) throw server.scripting.busyError;
  if (!given.NOW && !ctx.mayBlock) throw NO_BLOCKING;
  const ended = server.shutdown.begin({
    save: given.SAVE ? "yes" : given.NOSAVE ? "no" : "default",
    now: given.NOW,
    force: given.FORCE,
  });
  if (ended === false) throw FAILED;
  if (ended === true) return;
  ended.then((success) => {
    if (!success) server.shutdown.refuse(client);
  });
  return { keys: [], timeout: 0, expired: () => {}, wakes: () => false, reason: "wait" };
}
