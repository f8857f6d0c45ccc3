/** LATENCY: what held the server up, and how long each command takes. The monitor itself is server/latency.ts. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";
import type { Command } from "./table.ts";

const FLAGS = ["admin", "noscript", "loading", "stale"];
const ANSWERS_DIFFER = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

/** The row of LATENCY and its sub-commands. */
export const latencyRow: CommandRow = {
  name: "LATENCY",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "DOCTOR",
      arity: 2,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: latencyDoctor,
    },
    {
      name: "GRAPH",
      arity: 3,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: latencyGraph,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      run: latencyHelp,
    },
    {
      name: "HISTOGRAM",
      arity: -2,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: latencyHistogram,
    },
    {
      name: "HISTORY",
      arity: 3,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: latencyHistory,
    },
    {
      name: "LATEST",
      arity: 2,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: latencyLatest,
    },
    {
      name: "RESET",
      arity: -2,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      run: latencyReset,
    },
  ],
};

/** LATENCY LATEST */
function latencyLatest(ctx: Context): void {
  const { reply } = ctx;
  const mark = reply.defer();
  let count = 0;
  for (const { name, samples, max } of ctx.server.latency.events) {
    const last = samples.at(-1)!;
    reply.array(4);
    reply.bulkText(name);
    reply.integer(last.seconds);
    reply.integer(last.ms);
    reply.integer(max);
    count++;
  }
  reply.endArray(mark, count);
}

/** LATENCY HISTORY event */
function latencyHistory(ctx: Context, args: Args): void {
  const samples = ctx.server.latency.event(args.text(2))?.samples ?? [];
  ctx.reply.array(samples.length);
  for (const { seconds, ms } of samples) {
    ctx.reply.array(2);
    ctx.reply.integer(seconds);
    ctx.reply.integer(ms);
  }
}

/** LATENCY GRAPH event */
function latencyGraph(ctx: Context, args: Args): void {
  const event = ctx.server.latency.event(args.text(2));
  if (event === undefined) {
    throw new CommandError(`ERR No samples available for event '${args.cText(2)}'`);
  }
  ctx.reply.verbatim(ctx.server.latency.graph(event));
}

/** LATENCY RESET [event ...] */
function latencyReset(ctx: Context, args: Args): void {
  const { latency } = ctx.server;
  if (args.count === 2) return ctx.reply.integer(latency.forgetAll());
  let count = 0;
  for (let i = 2; i < args.count; i++) if (latency.forget(args.text(i))) count++;
  ctx.reply.integer(count);
}

/** LATENCY HISTOGRAM [command ...] */
function latencyHistogram(ctx: Context, args: Args): void {
  const { reply } = ctx;
  ctx.server.timer.settle();
  const mark = reply.defer();
  let count = 0;
  for (const command of args.count === 2 ? ctx.server.table.all : namedCommands(ctx, args)) {
    for (const one of [command, ...command.subcommands?.all ?? []]) {
      if (replyHistogram(ctx, one)) count++;
    }
  }
  reply.endMap(mark, count);
}

/** The commands named by the arguments; unknown ones are passed over. */
function namedCommands(ctx: Context, args: Args): Command[] {
  const commands: Command[] = [];
  for (let i = 2; i < args.count; i++) {
    const command = ctx.server.table.byFullName(args.text(i));
    if (command !== undefined) commands.push(command);
  }
  return commands;
}

/** One command's calls by duration; nothing, and false, where it was never called. */
function replyHistogram(ctx: Context, command: Command): boolean {
  const { histogram } = command.stats;
  if (histogram === null) return false;
  const { reply } = ctx;
  reply.bulkText(command.fullName);
  reply.map(2);
  reply.bulkText("calls");
  reply.integer(histogram.total);
  reply.bulkText("histogram_usec");
  const mark = reply.defer();
  let steps = 0;
  histogram.cumulative((edge, count) => {
    reply.integer(Math.floor(edge / 1000));
    reply.integer(count);
    steps++;
  });
  reply.endMap(mark, steps);
  return true;
}

/** What can be done about an event, by name; the part before the first dash where the name is not here. */
const ADVICE: Readonly<Record<string, string>> = {
  command:
    "Look into SLOWLOG GET for the commands that took long, and give them less to do at a time (SCAN in " +
    "place of KEYS, smaller collections, fewer elements in one command).",
  "fast-command":
    "Commands that should always be quick were not: the process lacks processor time. See whether " +
    "other programs compete for it.",
  expire: "Many keys expire at the same moment. Spread their times by adding a random part.",
  eviction:
    "Memory is at maxmemory and keys are evicted. Raise maxmemory, or lower maxmemory-eviction-tenacity " +
    "so that each slice of the work is shorter.",
  aof:
    "Writing the append-only file takes long: the disk is slow or busy. appendfsync everysec waits less for it " +
    "than always.",
};

/** LATENCY DOCTOR: in our own words. */
function latencyDoctor(ctx: Context): void {
  const { latency, config } = ctx.server;
  if (config.latencyMonitorThreshold === 0) {
    return ctx.reply.verbatim(
      "The latency monitor is off, so there is nothing to judge by. Turn it on with CONFIG SET " +
        "latency-monitor-threshold <milliseconds>: events that take at least so long are then kept.\n",
    );
  }
  const summaries = latency.summaries();
  if (summaries.length === 0) {
    return ctx.reply.verbatim(
      `No event has taken ${config.latencyMonitorThreshold} ms or longer since the monitor was turned on or reset. ` +
        "All is well.\n",
    );
  }
  let text = `Events that took ${config.latencyMonitorThreshold} ms or longer:\n\n`;
  const advice = new Set<string>();
  summaries.forEach(({ name, count, average, deviation, period, max }, i) => {
    text += `${i + 1}. ${name}: ${count} times, on average ${average.toFixed(0)} ms (mean deviation ` +
      `${deviation.toFixed(0)} ms), every ${period.toFixed(2)} seconds. Worst: ${max} ms.\n`;
    const known = ADVICE[name] ?? ADVICE[name.replace(/-.*/, "")];
    if (known !== undefined) advice.add(known);
  });
  if (advice.size > 0) text += "\nWhat may help:\n\n";
  for (const line of advice) text += `- ${line}\n`;
  ctx.reply.verbatim(text);
}

function latencyHelp(ctx: Context): void {
  replyHelp(ctx, "LATENCY", [
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
  ]);
}
