/** CLIENT: looking at connections, naming them, steering them. Tracking is in client_tracking.ts, killing in client_kill.ts. */

import type { Args } from "./args.ts";
import { clientKill } from "./client_kill.ts";
import { clientCaching, clientGetredir, clientTracking, clientTrackinginfo } from "./client_tracking.ts";
import type { Client, Context } from "./context.ts";
import { CommandError, subcommandSyntax, SYNTAX } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";

/** The row of CLIENT and its sub-commands. */
export const clientRow: CommandRow = {
  name: "CLIENT",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "CACHING",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientCaching,
    },
    {
      name: "GETNAME",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientGetname,
    },
    {
      name: "GETREDIR",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientGetredir,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientHelp,
    },
    {
      name: "ID",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientId,
    },
    {
      name: "INFO",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      tips: ["nondeterministic_output"],
      run: clientInfo,
    },
    {
      name: "KILL",
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientKill,
    },
    {
      name: "LIST",
      arity: -2,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      tips: ["nondeterministic_output"],
      run: clientList,
    },
    {
      name: "NO-EVICT",
      arity: 3,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientNoEvict,
    },
    {
      name: "PAUSE",
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientPause,
    },
    {
      name: "REPLY",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientReply,
    },
    {
      name: "SETNAME",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientSetname,
    },
    {
      name: "TRACKING",
      arity: -3,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientTracking,
    },
    {
      name: "TRACKINGINFO",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientTrackinginfo,
    },
    {
      name: "UNBLOCK",
      arity: -3,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientUnblock,
    },
    {
      name: "UNPAUSE",
      arity: 2,
      flags: ["admin", "noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientUnpause,
    },
  ],
};

const BAD_NAME = new CommandError("ERR Client names cannot contain spaces, newlines or special characters.");
const BAD_ID = new CommandError("ERR Invalid client ID");
const BAD_PAUSE = new CommandError("ERR timeout is not an integer or out of range");
const NEGATIVE_PAUSE = new CommandError("ERR timeout is negative");
const BAD_PAUSE_MODE = new CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL");
const BAD_UNBLOCK_REASON = new CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");

/** The name in argument `i`; throws where it holds anything but printable ASCII without spaces. */
export function clientName(args: Args, i: number): string {
  const name = args.text(i);
  if (!/^[!-~]*$/.test(name)) throw BAD_NAME;
  return name;
}

function clientGetname(ctx: Context): void {
  if (ctx.client.name === "") ctx.reply.null();
  else ctx.reply.bulkText(ctx.client.name);
}

function clientSetname(ctx: Context, args: Args): void {
  ctx.client.name = clientName(args, 2);
  ctx.reply.ok();
}

function clientId(ctx: Context): void {
  ctx.reply.integer(ctx.client.id);
}

function clientInfo(ctx: Context): void {
  ctx.reply.verbatim(ctx.server.describeClient(ctx.client) + "\n");
}

function clientList(ctx: Context, args: Args): void {
  const { server } = ctx;
  let text = "";
  for (const client of listed(ctx, args)) text += server.describeClient(client) + "\n";
  ctx.reply.verbatim(text);
}

/** The clients that the options of CLIENT LIST ask for. */
function listed(ctx: Context, args: Args): Client[] {
  const { clients } = ctx.server;
  const all = [...clients.values()];
  if (args.count === 2) return all;
  if (args.count === 4 && args.is(2, "TYPE")) {
    const type = ctx.server.parseClientType(args.text(3));
    if (type === undefined) throw new CommandError(`ERR Unknown client type '${args.cText(3)}'`);
    return all.filter((client) => ctx.server.clientType(client) === type);
  }
  if (args.count < 4 || !args.is(2, "ID")) throw SYNTAX;
  const found: Client[] = [];
  for (let i = 3; i < args.count; i++) {
    const client = clients.get(args.integer(i, BAD_ID));
    if (client !== undefined) found.push(client);
  }
  return found;
}

function clientReply(ctx: Context, args: Args): void {
  const { client } = ctx;
  if (args.is(2, "ON")) {
    client.answerAgain();
    ctx.reply.ok();
  } else if (args.is(2, "OFF")) client.replyMode = ctx.server.replyModes.OFF;
  else if (args.is(2, "SKIP")) {
    if (client.replyMode !== ctx.server.replyModes.OFF) client.replyMode = ctx.server.replyModes.SKIP_NEXT;
  } else throw SYNTAX;
}

function clientNoEvict(ctx: Context, args: Args): void {
  const on = args.is(2, "ON");
  if (!on && !args.is(2, "OFF")) throw SYNTAX;
  ctx.client.noEvict = on;
  ctx.reply.ok();
}

function clientPause(ctx: Context, args: Args): void {
  let mode: "all" | "write" = "all";
  if (args.count > 4) throw subcommandSyntax(args);
  if (args.count === 4) {
    if (args.is(3, "WRITE")) mode = "write";
    else if (!args.is(3, "ALL")) throw BAD_PAUSE_MODE;
  }
  const ms = args.ranged(2, -Infinity, Infinity, BAD_PAUSE);
  if (ms < 0) throw NEGATIVE_PAUSE;
  ctx.server.pauses.pause("client", mode, ms);
  ctx.reply.ok();
}

function clientUnpause(ctx: Context): void {
  ctx.reply.ok();
  ctx.server.pauses.unpause("client");
}

function clientUnblock(ctx: Context, args: Args): void {
  if (args.count > 4) throw subcommandSyntax(args);
  let withError = false;
  if (args.count === 4) {
    withError = args.is(3, "ERROR");
    if (!withError && !args.is(3, "TIMEOUT")) throw BAD_UNBLOCK_REASON;
  }
  const client = ctx.server.clients.get(args.integer(2));
  const done = client !== undefined && ctx.server.unblock(client, withError);
  ctx.reply.integer(done ? 1 : 0);
}

function clientHelp(ctx: Context): void {
  replyHelp(ctx, "CLIENT", [
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
  ]);
}
