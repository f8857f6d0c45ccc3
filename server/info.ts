/**
 * The sections of INFO: every field of redis-server 7.0.15, in its order, with our numbers.
 *
 * A section is a list of `name:value` pairs. Fields of things that cannot exist here (modules, forks, threads for I/O,
 * active defragmentation by the allocator) are there all the same, with the value that says "none": tools read them.
 */

import type { Command } from "../commands/table.ts";
import { toBinary } from "./config_host.ts";
import { cpuUsage } from "./cpu.ts";
import { humanBytes } from "./memory.ts";
import { persistenceSection } from "./info_persistence.ts";
import { replicationSection } from "./info_replication.ts";
import type { RedisServer } from "./server.ts";
import { TOY_REDIS_VERSION } from "./version.ts";
import { fixed } from "../util/fixed.ts";

/** One line: a field and its value. */
export type Field = readonly [name: string, value: string | number];

interface Section {
  /** The word in the request, lower case. */
  readonly name: string;
  /** The headline. */
  readonly title: string;
  /** Part of a plain INFO. */
  readonly byDefault: boolean;
  readonly fields: (server: RedisServer) => Field[];
}

/** All sections in the order of the reply. */
const SECTIONS: readonly Section[] = [
  { name: "server", title: "Server", byDefault: true, fields: serverSection },
  { name: "clients", title: "Clients", byDefault: true, fields: clientsSection },
  { name: "memory", title: "Memory", byDefault: true, fields: memorySection },
  { name: "persistence", title: "Persistence", byDefault: true, fields: persistenceSection },
  { name: "stats", title: "Stats", byDefault: true, fields: statsSection },
  { name: "replication", title: "Replication", byDefault: true, fields: replicationSection },
  { name: "cpu", title: "CPU", byDefault: true, fields: cpuSection },
  { name: "modules", title: "Modules", byDefault: true, fields: () => [] },
  { name: "commandstats", title: "Commandstats", byDefault: false, fields: commandstatsSection },
  { name: "errorstats", title: "Errorstats", byDefault: true, fields: errorstatsSection },
  { name: "latencystats", title: "Latencystats", byDefault: false, fields: latencystatsSection },
  {
    name: "cluster",
    title: "Cluster",
    byDefault: true,
    fields: () => [["cluster_enabled", 0]], // launch.ts refuses it
  },
  { name: "keyspace", title: "Keyspace", byDefault: true, fields: keyspaceSection },
];

/**
 * The reply to INFO with these section names in lower case: none for the default ones; `all`, `everything` and
 * `default` stand for several; unknown ones are passed over.
 */
export function infoText(server: RedisServer, names: readonly string[]): string {
  const all = names.includes("all") || names.includes("everything");
  const byDefault = names.length === 0 || names.includes("default");
  const parts: string[] = [];
  for (const section of SECTIONS) {
    const named = names.includes(section.name) ||
      (section.name === "modules" && names.includes("module_list"));
    if (!all && !named && !(byDefault && section.byDefault)) continue;
    let text = `# ${section.title}\r\n`;
    for (const [name, value] of section.fields(server)) text += `${name}:${value}\r\n`;
    parts.push(text);
  }
  return parts.join("\r\n");
}

// -- Server and clients -----------------------------------------------------------------------------------------------

const SYSTEMS: Readonly<Record<string, string>> = { linux: "Linux", darwin: "Darwin", windows: "Windows" };
/** What the runtime waits for sockets with. */
const POLLERS: Readonly<Record<string, string>> = { linux: "epoll", darwin: "kqueue", windows: "iocp" };

function serverSection(server: RedisServer): Field[] {
  const { config, clock } = server;
  const uptime = Math.floor((clock.wallMs() - server.startedMs) / 1000);
  const { os, arch } = Deno.build;
  const fields: Field[] = [
    ["redis_version", server.version],
    ["redis_git_sha1", "00000000"],
    ["redis_git_dirty", 0],
    ["redis_build_id", buildId()],
    ["redis_mode", "standalone"],
    ["os", `${SYSTEMS[os] ?? os} ${osRelease()} ${arch}`],
    ["arch_bits", 64],
    ["monotonic_clock", os === "windows" ? "QueryPerformanceCounter" : "POSIX clock_gettime"],
    ["multiplexing_api", POLLERS[os] ?? "kqueue"],
    ["atomicvar_api", "single-threaded"],
    ["gcc_version", "0.0.0"],
    ["process_id", Deno.pid],
    ["process_supervised", config.supervised === "auto" ? "no" : config.supervised],
    ["run_id", server.runId],
    ["tcp_port", config.port],
    ["server_time_usec", clock.wallUs()],
    ["uptime_in_seconds", uptime],
    ["uptime_in_days", Math.floor(uptime / 86400)],
    ["hz", server.cron.hz],
    ["configured_hz", config.hz],
    ["lru_clock", server.store.lruClock],
    ["executable", toBinary(Deno.execPath())],
    ["config_file", config.file],
    ["io_threads_active", 0],
    ...shutdownField(server),
    ["toy_redis_version", TOY_REDIS_VERSION],
  ];
  return fields;
}

function shutdownField({ shutdown }: RedisServer): Field[] {
  return shutdown.remainingMs < 0 ? [] : [["shutdown_in_milliseconds", Math.floor(shutdown.remainingMs)]];
}

let release: string | undefined;

/** The system's release; asked once, and unknown where the permission is missing. */
function osRelease(): string {
  if (release !== undefined) return release;
  try {
    release = Deno.osRelease();
  } catch {
    release = "unknown";
  }
  return release;
}

/** Sixteen digits that are the same for the same program on the same runtime. */
function buildId(): string {
  let id = 0xcbf29ce484222325n;
  for (const char of `${TOY_REDIS_VERSION} ${Deno.version.deno} ${Deno.version.v8}`) {
    id = BigInt.asUintN(64, (id ^ BigInt(char.charCodeAt(0))) * 0x100000001b3n); // FNV-1a
  }
  return id.toString(16);
}

function clientsSection(server: RedisServer): Field[] {
  return [
    ["connected_clients", server.clients.size],
    ["cluster_connections", 0],
    ["maxclients", server.config.maxclients],
    ["client_recent_max_input_buffer", server.recentInput.value],
    ["client_recent_max_output_buffer", server.recentOutput.value],
    ["blocked_clients", server.blocking.count + server.pauses.heldCount],
    ["tracking_clients", server.tracking.clientCount],
    ["clients_in_timeout_table", server.blocking.limited],
  ];
}

// -- Memory -----------------------------------------------------------------------------------------------------------

function memorySection(server: RedisServer): Field[] {
  const { config, memory } = server;
  const report = memory.report();
  const { used, rss, peak, startup, active, resident } = report;
  const total = systemMemory();
  return [
    ["used_memory", used],
    ["used_memory_human", humanBytes(used)],
    ["used_memory_rss", rss],
    ["used_memory_rss_human", humanBytes(rss)],
    ["used_memory_peak", peak],
    ["used_memory_peak_human", humanBytes(peak)],
    ["used_memory_peak_perc", `${fixed(used * 100 / peak, 2)}%`],
    ["used_memory_overhead", report.overhead],
    ["used_memory_startup", startup],
    ["used_memory_dataset", report.dataset],
    ["used_memory_dataset_perc", `${fixed(report.datasetPercent, 2)}%`],
    ["allocator_allocated", used],
    ["allocator_active", active],
    ["allocator_resident", resident],
    ["total_system_memory", total],
    ["total_system_memory_human", humanBytes(total)],
    ...scriptMemory(server),
    ["maxmemory", config.maxmemory],
    ["maxmemory_human", humanBytes(config.maxmemory)],
    ["maxmemory_policy", config.maxmemoryPolicy],
    ["allocator_frag_ratio", fixed(active / used, 2)],
    ["allocator_frag_bytes", active - used],
    ["allocator_rss_ratio", fixed(resident / active, 2)],
    ["allocator_rss_bytes", resident - active],
    ["rss_overhead_ratio", fixed(rss / resident, 2)],
    ["rss_overhead_bytes", rss - resident],
    ["mem_fragmentation_ratio", fixed(rss / used, 2)],
    ["mem_fragmentation_bytes", rss - used],
    ["mem_not_counted_for_evict", memory.notCounted],
    ["mem_replication_backlog", memory.backlog],
    ["mem_total_replication_buffers", memory.replicationBuffers],
    ["mem_clients_slaves", report.clientsReplicas],
    ["mem_clients_normal", report.clientsNormal],
    ["mem_cluster_links", 0],
    ["mem_aof_buffer", report.aofBuffer],
    ["mem_allocator", `toy-redis-${TOY_REDIS_VERSION}`],
    ["active_defrag_running", 0],
    ["lazyfree_pending_objects", server.store.lazyfreePending],
    ["lazyfreed_objects", server.store.lazyfreedObjects],
  ];
}

/** Memory of scripts and functions. */
function scriptMemory({ scripting }: RedisServer): Field[] {
  const { scripts, functions, evalWorld, functionWorld } = scripting.memory;
  const { libraries } = scripting;
  return [
    ["used_memory_lua", evalWorld],
    ["used_memory_vm_eval", evalWorld],
    ["used_memory_lua_human", humanBytes(evalWorld)],
    ["used_memory_scripts_eval", scripts],
    ["number_of_cached_scripts", scripting.cachedScripts],
    ["number_of_functions", libraries.functionCount],
    ["number_of_libraries", libraries.libraries.size],
    ["used_memory_vm_functions", functionWorld],
    ["used_memory_vm_total", evalWorld + functionWorld],
    ["used_memory_vm_total_human", humanBytes(evalWorld + functionWorld)],
    ["used_memory_functions", functions],
    ["used_memory_scripts", scripts + functions],
    ["used_memory_scripts_human", humanBytes(scripts + functions)],
  ];
}

/** Bytes of memory in this machine, 0 where the permission to ask is missing. */
function systemMemory(): number {
  try {
    return Deno.systemMemoryInfo().total;
  } catch {
    return 0;
  }
}

// -- Stats ------------------------------------------------------------------------------------------------------------

function statsSection(server: RedisServer): Field[] {
  const { stats, store, rates, pubsub, tracking } = server;
  const exceeding = stats.exceededSinceMs === 0 ? 0 : server.clock.monoMs() - stats.exceededSinceMs;
  return [
    ["total_connections_received", stats.connectionsReceived],
    ["total_commands_processed", stats.commandsProcessed],
    ["instantaneous_ops_per_sec", Math.floor(rates.commands.perSecond)],
    ["total_net_input_bytes", stats.netInputBytes],
    ["total_net_output_bytes", stats.netOutputBytes],
    ["total_net_repl_input_bytes", stats.replInputBytes],
    ["total_net_repl_output_bytes", stats.replOutputBytes],
    ["instantaneous_input_kbps", kilobytes(rates.input.perSecond)],
    ["instantaneous_output_kbps", kilobytes(rates.output.perSecond)],
    ["instantaneous_input_repl_kbps", kilobytes(rates.replInput.perSecond)],
    ["instantaneous_output_repl_kbps", kilobytes(rates.replOutput.perSecond)],
    ["rejected_connections", stats.connectionsRejected],
    ["sync_full", server.replication.primary.fullSyncs],
    ["sync_partial_ok", server.replication.primary.partialSyncs],
    ["sync_partial_err", server.replication.primary.partialRefusals],
    ["expired_keys", store.expiredKeys],
    ["expired_stale_perc", fixed(stats.expiredStalePercentage, 2)],
    ["expired_time_cap_reached_count", stats.expiredTimeCapReached],
    ["expire_cycle_cpu_milliseconds", Math.floor(stats.expireCycleCpuMs)],
    ["evicted_keys", stats.evictedKeys],
    ["evicted_clients", stats.evictedClients],
    ["total_eviction_exceeded_time", Math.floor(stats.evictionExceededMs + exceeding)],
    ["current_eviction_exceeded_time", Math.floor(exceeding)],
    ["keyspace_hits", store.keyspaceHits],
    ["keyspace_misses", store.keyspaceMisses],
    ["pubsub_channels", pubsub.channels.size],
    ["pubsub_patterns", pubsub.patterns.size],
    ["pubsubshard_channels", pubsub.shardChannels.size],
    ["latest_fork_usec", 0],
    ["total_forks", 0],
    ["migrate_cached_sockets", 0],
    ["slave_expires_tracked_keys", server.replicaExpiry.size],
    ["active_defrag_hits", 0],
    ["active_defrag_misses", 0],
    ["active_defrag_key_hits", 0],
    ["active_defrag_key_misses", 0],
    ["total_active_defrag_time", 0],
    ["current_active_defrag_time", 0],
    ["tracking_total_keys", tracking.totalKeys],
    ["tracking_total_items", tracking.totalItems],
    ["tracking_total_prefixes", tracking.totalPrefixes],
    ["unexpected_error_replies", stats.unexpectedErrorReplies],
    ["total_error_replies", server.errorStats.total],
    ["dump_payload_sanitizations", 0],
    ["total_reads_processed", stats.reads],
    ["total_writes_processed", stats.writes],
    ["io_threaded_reads_processed", 0],
    ["io_threaded_writes_processed", 0],
    ["reply_buffer_shrinks", stats.bufferShrinks],
    ["reply_buffer_expands", stats.bufferExpands],
  ];
}

function kilobytes(bytes: number): string {
  return fixed(bytes / 1024, 2);
}

// -- The rest ---------------------------------------------------------------------------------------------------------

/** The process's time is its main thread's here as far as one can tell, and there are no children. */
function cpuSection(): Field[] {
  const { user, system } = cpuUsage();
  const seconds = (us: number): string => fixed(us / 1e6, 6);
  return [
    ["used_cpu_sys", seconds(system)],
    ["used_cpu_user", seconds(user)],
    ["used_cpu_sys_children", seconds(0)],
    ["used_cpu_user_children", seconds(0)],
    ["used_cpu_sys_main_thread", seconds(system)],
    ["used_cpu_user_main_thread", seconds(user)],
  ];
}

/** Every command and sub-command that may have been called. */
function* everyCommand(server: RedisServer): Iterable<Command> {
  for (const command of server.table.all) {
    yield command;
    for (const sub of command.subcommands?.all ?? []) yield sub;
  }
}

/** A command's name as a field's: what separates fields and values must not be in it. */
function fieldName(command: Command): string {
  return command.fullName.replace(/[#:\n\r]/g, "_");
}

function commandstatsSection(server: RedisServer): Field[] {
  const fields: Field[] = [];
  for (const command of everyCommand(server)) {
    const { calls, usec, rejected, failed } = command.stats;
    if (calls + rejected + failed === 0) continue;
    const perCall = calls === 0 ? 0 : Math.floor(usec) / calls;
    fields.push([
      `cmdstat_${fieldName(command)}`,
      `calls=${calls},usec=${Math.floor(usec)},usec_per_call=${fixed(perCall, 2)},` +
      `rejected_calls=${rejected},failed_calls=${failed}`,
    ]);
  }
  return fields;
}

function errorstatsSection(server: RedisServer): Field[] {
  return [...server.errorStats.counts].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([code, count]) => [`errorstat_${code.replace(/[#:\n\r]/g, "_")}`, `count=${count}`]);
}

function latencystatsSection(server: RedisServer): Field[] {
  const { latencyTracking, latencyTrackingInfoPercentiles } = server.config;
  const fields: Field[] = [];
  if (!latencyTracking) return fields;
  for (const command of everyCommand(server)) {
    const { histogram } = command.stats;
    if (histogram === null) continue;
    const values = latencyTrackingInfoPercentiles.map((percent) =>
      `p${shortNumber(percent)}=${fixed(histogram.percentile(percent) / 1000, 3)}`
    );
    fields.push([`latency_percentiles_usec_${fieldName(command)}`, values.join(",")]);
  }
  return fields;
}

/** A percentile's number as C's "%.17g" without the noise: 50, 99.9. */
function shortNumber(value: number): string {
  return String(value);
}

function keyspaceSection(server: RedisServer): Field[] {
  return server.store.databases.filter((db) => db.size > 0).map((db) => [
    `db${db.index}`,
    `keys=${db.size},expires=${db.volatileSize},avg_ttl=${Math.floor(db.averageTtl)}`,
  ]);
}
