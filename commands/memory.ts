/** MEMORY: what takes how much. The books are kept in server/memory.ts. */

import { isObject, type StoredObject } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { SYNTAX } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { at, type CommandRow } from "./row.ts";

const ANSWERS_DIFFER = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

/** The row of MEMORY and its sub-commands. */
export const memoryRow: CommandRow = {
  name: "MEMORY",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "DOCTOR",
      arity: 2,
      flags: [],
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: memoryDoctor,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: [],
      run: memoryHelp,
    },
    {
      name: "MALLOC-STATS",
      arity: 2,
      flags: [],
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: memoryMallocStats,
    },
    {
      name: "PURGE",
      arity: 2,
      flags: [],
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      run: memoryPurge,
    },
    {
      name: "STATS",
      arity: 2,
      flags: [],
      keys: [0, 0, 0],
      categories: [],
      tips: ANSWERS_DIFFER,
      run: memoryStats,
    },
    {
      name: "USAGE",
      arity: -3,
      flags: ["readonly"],
      keys: [2, 2, 1],
      specs: [at(2, "RO")],
      categories: [],
      run: memoryUsage,
    },
  ],
};

/**
 * MEMORY USAGE key [SAMPLES count]: record, share of the indexes, and what an object holds. Every value knows its size,
 * so there is nothing to sample; the option is checked and makes no difference.
 */
function memoryUsage(ctx: Context, args: Args): void {
  for (let i = 3; i < args.count; i += 2) {
    if (!args.is(i, "SAMPLES") || i + 1 >= args.count) throw SYNTAX;
    if (args.int64(i + 1) < 0) throw SYNTAX;
  }
  const addr = ctx.inspect(args, 2);
  if (addr === 0) return ctx.reply.null();
  const { db } = ctx;
  const inside = isObject(db.kind(addr)) ? db.object<StoredObject>(addr).memoryBytes() : 0;
  ctx.reply.integer(db.recordBytes(addr) + inside);
}

/** MEMORY STATS */
function memoryStats(ctx: Context): void {
  const { reply } = ctx;
  const report = ctx.server.memory.report();
  const { used, rss, active, resident } = report;
  const integers = (pairs: readonly (readonly [string, number])[]): void => {
    for (const [name, value] of pairs) {
      reply.bulkText(name);
      reply.integer(value);
    }
  };
  const ratio = (name: string, value: number): void => {
    reply.bulkText(name);
    reply.double(value);
  };
  reply.map(27 + report.databases.length);
  integers([
    ["peak.allocated", report.peak],
    ["total.allocated", used],
    ["startup.allocated", report.startup],
    ["replication.backlog", ctx.server.memory.backlog],
    ["clients.slaves", report.clientsReplicas],
    ["clients.normal", report.clientsNormal],
    ["cluster.links", 0],
    ["aof.buffer", report.aofBuffer],
    ["lua.caches", ctx.server.scripting.memory.scripts],
    ["functions.caches", ctx.server.scripting.memory.functions],
  ]);
  for (const { db, main, expires } of report.databases) {
    reply.bulkText(`db.${db.index}`);
    reply.map(3);
    integers([
      ["overhead.hashtable.main", main],
      ["overhead.hashtable.expires", expires],
      ["overhead.hashtable.slot-to-keys", 0],
    ]);
  }
  integers([
    ["overhead.total", report.overhead],
    ["keys.count", report.keys],
    ["keys.bytes-per-key", report.bytesPerKey],
    ["dataset.bytes", report.dataset],
  ]);
  ratio("dataset.percentage", report.datasetPercent);
  ratio("peak.percentage", used * 100 / report.peak);
  integers([["allocator.allocated", used], ["allocator.active", active], ["allocator.resident", resident]]);
  ratio("allocator-fragmentation.ratio", active / used);
  integers([["allocator-fragmentation.bytes", active - used]]);
  ratio("allocator-rss.ratio", resident / active);
  integers([["allocator-rss.bytes", resident - active]]);
  ratio("rss-overhead.ratio", rss / resident);
  integers([["rss-overhead.bytes", rss - resident]]);
  ratio("fragmentation", rss / used);
  integers([["fragmentation.bytes", rss - used]]);
}

/** MEMORY PURGE: records leave sparse chunks, so that these can be given back. */
function memoryPurge(ctx: Context): void {
  ctx.store.compact();
  ctx.reply.ok();
}

/** MEMORY MALLOC-STATS: what the arenas hold, a line for each database and size of block. */
function memoryMallocStats(ctx: Context): void {
  let text = "Blocks of the arenas, by database and size\n" +
    "  db   block bytes   chunks   chunk bytes       blocks    used\n";
  const cell = (value: number | string, width: number): string => String(value).padStart(width);
  for (const db of ctx.store.databases) {
    for (const { blockBytes, chunks, chunkBytes, blocks } of db.arena.classes()) {
      const used = blockBytes === 0 ? 100 : blocks * blockBytes * 100 / chunkBytes;
      text += cell(db.index, 4) + cell(blockBytes === 0 ? "large" : blockBytes, 14) + cell(chunks, 9) +
        cell(chunkBytes, 14) + cell(blocks, 13) + cell(used.toFixed(1) + "%", 8) + "\n";
    }
  }
  const { used, active, heapTotal, heapUsed, external, rss } = ctx.server.memory.report();
  text += `used ${used}, with free room in chunks ${active}; the runtime's heap ${heapTotal}, of it in use ` +
    `${heapUsed}, buffers ${external}; resident ${rss}\n`;
  ctx.reply.verbatim(text);
}

/** Below this many bytes of data there is nothing to say about memory. */
const LITTLE_DATA = 5 * 1024 * 1024;

/** MEMORY DOCTOR: in our own words; see docs/differences.md. */
function memoryDoctor(ctx: Context): void {
  const { memory, store, config, clients } = ctx.server;
  const report = memory.report();
  if (report.used - report.startup < LITTLE_DATA) {
    return ctx.reply.verbatim(
      "There is too little data here for a verdict on memory: less than 5 MiB. Ask again once there is more.\n",
    );
  }
  const findings: string[] = [];
  const room = report.active - report.used;
  if (room > report.used * 0.4) {
    findings.push(
      `Free room inside of allocated chunks is ${room} bytes, much for ${report.used} bytes in use: many keys were ` +
        "deleted or have changed their size. MEMORY PURGE moves records together and gives chunks back.",
    );
  }
  if (report.peak > report.used * 1.5) {
    findings.push(
      `The peak was ${report.peak} bytes, now it is ${report.used}. What the system shows for this process may stay ` +
        "near the peak for some time; it is used again before more is asked for.",
    );
  }
  const perClient = report.clientsNormal / Math.max(1, clients.size);
  if (perClient > 200 * 1024) {
    findings.push(
      `Clients take ${
        Math.round(perClient)
      } bytes each on average. Some send large pipelines or do not read their ` +
        "replies; CLIENT LIST shows which (qbuf, omem), maxmemory-clients sets a limit.",
    );
  }
  if (store.lazyfreePending > 0) {
    findings.push(`${store.lazyfreePending} deleted values are still being given back, a slice at a time.`);
  }
  if (config.maxmemory > 0 && report.used > config.maxmemory * 0.95) {
    findings.push(`Memory in use is at ${(report.used * 100 / config.maxmemory).toFixed(0)}% of maxmemory.`);
  }
  ctx.reply.verbatim(
    findings.length === 0
      ? "Nothing is wrong with the memory of this server.\n"
      : findings.map((line) => `* ${line}\n`).join(""),
  );
}

function memoryHelp(ctx: Context): void {
  replyHelp(ctx, "MEMORY", [
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
  ]);
}
