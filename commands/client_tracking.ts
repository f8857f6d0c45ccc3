/** CLIENT TRACKING and its companions: the options of client-side caching. The work is in server/tracking.ts. */

import type { Args } from "./args.ts";
import type { Client, Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";

const NO_REDIRECT_TARGET = new CommandError("ERR The client ID you want redirect to does not exist");
const PREFIX_NEEDS_BCAST = new CommandError("ERR PREFIX option requires BCAST mode to be enabled");
const SWITCHED_BCAST = new CommandError(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a " +
    "different mode.",
);
const OPT_AND_BCAST = new CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST");
const OPTIN_AND_OPTOUT = new CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const SWITCHED_OPT = new CommandError(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a " +
    "different mode.",
);
const CACHING_WITHOUT_OPT = new CommandError(
  "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
);
const YES_WITHOUT_OPTIN = new CommandError(
  "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
);
const NO_WITHOUT_OPTOUT = new CommandError(
  "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
);

interface Options {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  redirect: number;
  prefixes: string[];
}

export function clientTracking(ctx: Context, args: Args): void {
  const options = trackingOptions(ctx, args);
  const { client, server } = ctx;
  if (args.is(2, "ON")) {
    checkModes(client, options);
    checkPrefixes(client, options);
    const { prefixes, ...state } = options;
    server.tracking.enable(client, state, prefixes);
  } else if (args.is(2, "OFF")) server.tracking.disable(client);
  else throw SYNTAX;
  ctx.reply.ok();
}

function trackingOptions(ctx: Context, args: Args): Options {
  const options: Options = {
    bcast: false,
    optin: false,
    optout: false,
    noloop: false,
    redirect: 0,
    prefixes: [],
  };
  for (let i = 3; i < args.count; i++) {
    const more = i + 1 < args.count;
    if (args.is(i, "REDIRECT") && more) {
      if (options.redirect !== 0) {
        throw new CommandError("ERR A client can only redirect to a single other client");
      }
      options.redirect = args.integer(++i);
      if (ctx.server.clients.get(options.redirect) === undefined) throw NO_REDIRECT_TARGET;
    } else if (args.is(i, "BCAST")) options.bcast = true;
    else if (args.is(i, "OPTIN")) options.optin = true;
    else if (args.is(i, "OPTOUT")) options.optout = true;
    else if (args.is(i, "NOLOOP")) options.noloop = true;
    else if (args.is(i, "PREFIX") && more) options.prefixes.push(args.text(++i));
    else throw SYNTAX;
  }
  return options;
}

/** The modes must agree with each other and with what the client has already. */
function checkModes(client: Client, options: Options): void {
  if (!options.bcast && options.prefixes.length > 0) throw PREFIX_NEEDS_BCAST;
  const current = client.tracking;
  if (current !== null && current.bcast !== options.bcast) throw SWITCHED_BCAST;
  if (options.bcast && (options.optin || options.optout)) throw OPT_AND_BCAST;
  if (options.optin && options.optout) throw OPTIN_AND_OPTOUT;
  if (current !== null && ((options.optin && current.optout) || (options.optout && current.optin))) {
    throw SWITCHED_OPT;
  }
}

/** No prefix may be the beginning of another, given now or before: a change would be told twice. */
function checkPrefixes(client: Client, { prefixes }: Options): void {
  // In the order of their bytes, as redis-server keeps them: it decides which one the error names.
  const existing = [...client.tracking?.prefixes ?? []].sort();
  for (const [i, prefix] of prefixes.entries()) {
    for (const known of existing) {
      if (overlap(prefix, known)) throw overlapError(prefix, `an existing prefix '${known}'`);
    }
    for (const other of prefixes.slice(i + 1)) {
      if (overlap(prefix, other)) throw overlapError(prefix, `another provided prefix '${other}'`);
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function overlapError(prefix: string, other: string): CommandError {
  return new CommandError(
    `ERR Prefix '${prefix}' overlaps with ${other}. Prefixes for a single client must not overlap.`,
  );
}

export function clientCaching(ctx: Context, args: Args): void {
  const state = ctx.client.tracking;
  if (state === null) throw CACHING_WITHOUT_OPT;
  const yes = args.is(2, "YES");
  if (!yes && !args.is(2, "NO")) throw SYNTAX;
  if (yes && !state.optin) throw YES_WITHOUT_OPTIN;
  if (!yes && !state.optout) throw NO_WITHOUT_OPTOUT;
  state.caching = true;
  ctx.reply.ok();
}

export function clientGetredir(ctx: Context): void {
  ctx.reply.integer(ctx.client.tracking === null ? -1 : ctx.client.tracking.redirect);
}

export function clientTrackinginfo(ctx: Context): void {
  const { reply, client } = ctx;
  const state = client.tracking;
  const flags: string[] = [state === null ? "off" : "on"];
  if (state !== null) {
    if (state.bcast) flags.push("bcast");
    if (state.optin) flags.push("optin", ...(state.caching ? ["caching-yes"] : []));
    if (state.optout) flags.push("optout", ...(state.caching ? ["caching-no"] : []));
    if (state.noloop) flags.push("noloop");
    if (state.broken) flags.push("broken_redirect");
  }
  reply.map(3);
  reply.bulkText("flags");
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText("redirect");
  reply.integer(state === null ? -1 : state.redirect);
  reply.bulkText("prefixes");
  const prefixes = [...state?.prefixes ?? []].sort();
  reply.array(prefixes.length);
  for (const prefix of prefixes) reply.bulkText(prefix);
}
