/** The connection itself: greeting, logging in, choosing a database, leaving. CLIENT has a file of its own. */

import type { Args } from "./args.ts";
import { clientName, clientRow } from "./client.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX, wrongArity } from "./errors.ts";
import type { CommandRow } from "./row.ts";

/** The table rows of the connection group, in alphabetical order. */
export const connectionRows: readonly CommandRow[] = [
  {
    name: "AUTH",
    arity: -2,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["connection"],
    run: auth,
  },
  clientRow,
  {
    name: "ECHO",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: ["connection"],
    brief: true,
    run: echo,
  },
  {
    name: "HELLO",
    arity: -1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["connection"],
    run: hello,
  },
  {
    name: "PING",
    arity: -1,
    flags: ["fast"],
    keys: [0, 0, 0],
    categories: ["connection"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    brief: true,
    run: ping,
  },
  {
    name: "QUIT",
    arity: -1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["connection"],
    run: quit,
  },
  {
    name: "RESET",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    keys: [0, 0, 0],
    categories: ["connection"],
    run: reset,
  },
  {
    name: "SELECT",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    keys: [0, 0, 0],
    categories: ["connection"],
    run: select,
  },
];

const NOPROTO = new CommandError("NOPROTO unsupported protocol version");
const NOT_A_VERSION = new CommandError("ERR Protocol version is not an integer or out of range");
const HELLO_NOAUTH = new CommandError(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
    "option can be used to authenticate the client and select the RESP protocol version at the same time",
);
const NO_PASSWORD_SET = new CommandError(
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
);
const WRONGPASS = new CommandError("WRONGPASS invalid username-password pair or user is disabled.");

function ping(ctx: Context, args: Args): void {
  if (args.count > 2) throw wrongArity("ping");
  const reply = ctx.reply;
  if (ctx.client.restricted) {
    reply.array(2);
    reply.bulkText("pong");
    if (args.count === 1) reply.bulkText("");
    else reply.bulk(args.buf, args.starts[1]!, args.ends[1]!);
  } else if (args.count === 1) reply.simple("PONG");
  else reply.bulk(args.buf, args.starts[1]!, args.ends[1]!);
}

function echo(ctx: Context, args: Args): void {
  ctx.reply.bulk(args.buf, args.starts[1]!, args.ends[1]!);
}

function select(ctx: Context, args: Args): void {
  ctx.client.db = ctx.database(args, 1);
  ctx.reply.ok();
}

function quit(ctx: Context): void {
  ctx.reply.ok();
  ctx.client.closeAfterReply = true;
}

function reset(ctx: Context): void {
  ctx.server.resetClient(ctx.client);
  ctx.reply.simple("RESET");
}

function auth(ctx: Context, args: Args): void {
  if (args.count > 3) throw SYNTAX;
  const named = args.count === 3;
  if (!named && ctx.server.acl.defaultUser.nopass) throw NO_PASSWORD_SET;
  const user = named ? args.text(1) : "default";
  if (!ctx.server.acl.authenticate(ctx.client, user, args.bytes(named ? 2 : 1), args.text(0))) {
    throw WRONGPASS;
  }
  ctx.reply.ok();
}

/** What HELLO's options ask for; all are checked before any takes effect. */
function hello(ctx: Context, args: Args): void {
  let protocol = 0;
  if (args.count > 1) {
    protocol = args.integer(1, NOT_A_VERSION);
    if (protocol < 2 || protocol > 3) throw NOPROTO;
  }
  const { client, server } = ctx;
  for (let i = 2; i < args.count; i++) {
    const more = args.count - 1 - i;
    if (args.is(i, "AUTH") && more >= 2) {
      if (!server.acl.authenticate(client, args.text(i + 1), args.bytes(i + 2), args.text(0))) {
        throw WRONGPASS;
      }
      i += 2;
    } else if (args.is(i, "SETNAME") && more >= 1) client.name = clientName(args, ++i);
    else throw new CommandError(`ERR Syntax error in HELLO option '${args.cText(i)}'`);
  }
  if (!client.authenticated) throw HELLO_NOAUTH;
  if (protocol > 0) client.protocol = protocol;
  const reply = ctx.reply;
  reply.map(7);
  reply.bulkText("server");
  reply.bulkText("redis");
  reply.bulkText("version");
  reply.bulkText(server.version);
  reply.bulkText("proto");
  reply.integer(client.reply.protocol);
  reply.bulkText("id");
  reply.integer(client.id);
  reply.bulkText("mode");
  reply.bulkText("standalone");
  reply.bulkText("role");
  reply.bulkText(server.isReplica ? "replica" : "master");
  reply.bulkText("modules");
  reply.array(0);
}
