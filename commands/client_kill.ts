/** CLIENT KILL: the old form with an address, and the form with filters. */

import type { Args } from "./args.ts";
import type { Client, Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";

const NO_SUCH_CLIENT = new CommandError("ERR No such client");
const BAD_ID = new CommandError("ERR client-id should be greater than 0");

type Filter = (client: Client) => boolean;

export function clientKill(ctx: Context, args: Args): void {
  if (args.count === 3) {
    const address = args.text(2);
    if (kill(ctx, [(client) => client.transport?.peer === address], false) === 0) throw NO_SUCH_CLIENT;
    return ctx.reply.ok();
  }
  const filters: Filter[] = [];
  let skipMe = true;
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 >= args.count) throw SYNTAX;
    if (args.is(i, "SKIPME")) {
      skipMe = args.is(i + 1, "YES");
      if (!skipMe && !args.is(i + 1, "NO")) throw SYNTAX;
    } else filters.push(filterOf(ctx, args, i));
  }
  ctx.reply.integer(kill(ctx, filters, skipMe));
}

/** The filter that arguments `i` and `i + 1` name. */
function filterOf(ctx: Context, args: Args, i: number): Filter {
  const value = args.text(i + 1);
  if (args.is(i, "ID")) {
    const id = args.ranged(i + 1, 1, Infinity, BAD_ID);
    return (client) => client.id === id;
  }
  if (args.is(i, "TYPE")) {
    const type = ctx.server.parseClientType(value);
    if (type === undefined) throw new CommandError(`ERR Unknown client type '${value}'`);
    return (client) => ctx.server.clientType(client) === type;
  }
  if (args.is(i, "ADDR")) return (client) => client.transport?.peer === value;
  if (args.is(i, "LADDR")) return (client) => client.transport?.local === value;
  if (args.is(i, "USER")) {
    const user = ctx.server.acl.get(value);
    if (user === undefined) throw new CommandError(`ERR No such user '${value}'`);
    return (client) => client.user === user;
  }
  throw SYNTAX;
}

/** Kills the clients that pass all filters; returns how many. The caller itself gets its reply first. */
function kill(ctx: Context, filters: readonly Filter[], skipMe: boolean): number {
  let killed = 0;
  for (const client of [...ctx.server.clients.values()]) {
    if (skipMe && client === ctx.client) continue;
    if (!filters.every((passes) => passes(client))) continue;
    if (client === ctx.client) client.closeAfterReply = true;
    else ctx.server.kill(client);
    killed++;
  }
  return killed;
}
