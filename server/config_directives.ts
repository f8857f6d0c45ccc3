/**
 * The table of every directive of Redis 7.0.15, one row each: its name, its older name, what it accepts, and what CONFIG SET may
 * do with it. Reading, showing, checking and rewriting settings all come from these rows; the defaults are the fields of
 * ConfigValues. The compiler checks that each name has a field of the right type.
 *
 * Beside these rows, redis.conf knows include, user, rename-command, loadmodule and sentinel: see config_file.ts.
 */
import {
  bindType,
  checkBareName,
  checkHostname,
  checkTitleTemplate,
  dirType,
  notifyType,
  oomValuesType,
  outputLimitsType,
  percentilesType,
  refuseDefrag,
  replicaofType,
  saveType,
  shutdownType,
} from "./config_special.ts";
import {
  boolType,
  enumType,
  intType,
  LIMIT,
  memoryOrPercentType,
  memoryType,
  octalType,
  type TextRules,
  textType,
  type ValueType,
} from "./config_types.ts";
import type { EnumName, EnumOf } from "./config_enums.ts";
import type { ConfigValues } from "./config_values.ts";

/** What sets a directive apart. */
export interface DirectiveFlags {
  /** An older name of the same directive; both are listed. */
  readonly alias?: string;
  /** Only a file or the command line can set it. */
  readonly immutable?: boolean;
  /** CONFIG GET shows it by its full name only, never for a pattern. */
  readonly hidden?: boolean;
  /** CONFIG SET needs enable-protected-configs: it could be used to write files elsewhere. */
  readonly protected?: boolean;
  /** Takes any number of words; CONFIG SET splits its one text at each space. */
  readonly multi?: boolean;
  /** Cannot change while the dataset is loaded. */
  readonly denyLoading?: boolean;
  /** A secret: the slow log and MONITOR must not show it. */
  readonly sensitive?: boolean;
  /** Brings a value that CONFIG SET has changed into the limits of its use, without an error. */
  readonly settle?: (value: number, values: ConfigValues) => number;
  /** `settle` also counts for a value from a file. */
  readonly settleOnLoad?: boolean;
}

/** One row of the table. */
export interface Directive extends DirectiveFlags {
  readonly name: string;
  /** The field of ConfigValues. */
  readonly field: keyof ConfigValues;
  readonly type: ValueType<unknown>;
}

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}`
  : S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

/** The name, if it has a field of type T; otherwise a type that nothing fits. */
type NameFor<S extends string, T> = Camel<S> extends keyof ConfigValues
  ? [T, ConfigValues[Camel<S>]] extends [ConfigValues[Camel<S>], T] ? S : never
  : never;

/** A row for a name whose field has the type's values. */
function special<S extends string, T>(
  name: S & NameFor<S, T>,
  type: ValueType<T>,
  flags: DirectiveFlags = {},
): Directive {
  const field = name.replace(/[-_](.)/g, (_, letter: string) => letter.toUpperCase()) as keyof ConfigValues;
  return { name, field, type, ...flags };
}

function bool<S extends string>(name: S & NameFor<S, boolean>, flags?: DirectiveFlags): Directive {
  return special<string, boolean>(name as never, boolType, flags);
}

function int<S extends string>(
  name: S & NameFor<S, number>,
  min: number | bigint,
  max: number | bigint,
  flags?: DirectiveFlags,
): Directive {
  return special<string, number>(name as never, intType(min, max), flags);
}

function memory<S extends string>(
  name: S & NameFor<S, number>,
  min: number | bigint,
  max: number | bigint,
  flags?: DirectiveFlags,
): Directive {
  return special<string, number>(name as never, memoryType(min, max), flags);
}

function oneOf<S extends string, N extends EnumName>(
  name: S & NameFor<S, EnumOf<N>>,
  enumName: N,
  flags?: DirectiveFlags,
): Directive {
  return special<string, EnumOf<N>>(name as never, enumType(enumName), flags);
}

function text<S extends string>(
  name: S & NameFor<S, string>,
  flags?: DirectiveFlags,
  rules?: TextRules,
): Directive {
  return special<string, string>(name as never, textType(rules), flags);
}

/** A text that may be unset, which is its default. */
function optional<S extends string>(
  name: S & NameFor<S, string>,
  flags?: DirectiveFlags,
  rules?: TextRules,
): Directive {
  return special<string, string>(name as never, textType({ ...rules, emptyIsUnset: true }), flags);
}

const { INT_MIN, INT_MAX, UINT_MAX, LONG_MAX, ULONG_MAX } = LIMIT;
const PORT_MAX = 65535;
const MB = 1024 * 1024;
const immutable = { immutable: true } as const;
const hidden = { hidden: true } as const;

/** Every directive, by subject. */
export const DIRECTIVES: readonly Directive[] = [
  // Network
  special("bind", bindType, { multi: true }),
  optional("bind-source-addr"),
  int("port", 0, PORT_MAX),
  int("tcp-backlog", 0, INT_MAX, immutable),
  optional("unixsocket", immutable),
  special("unixsocketperm", octalType(0o777), immutable),
  int("timeout", 0, INT_MAX),
  int("tcp-keepalive", 0, INT_MAX),
  bool("protected-mode"),
  int("maxclients", 1, UINT_MAX),
  int("socket-mark-id", 0, UINT_MAX, immutable),
  memory("proto-max-bulk-len", MB, LONG_MAX),
  memory("client-query-buffer-limit", MB, LONG_MAX),
  special("client-output-buffer-limit", outputLimitsType, { multi: true }),
  int("io-threads", 1, 128, immutable),
  bool("io-threads-do-reads", immutable),

  // TLS
  int("tls-port", 0, PORT_MAX),
  optional("tls-cert-file"),
  optional("tls-key-file"),
  optional("tls-key-file-pass"),
  optional("tls-client-cert-file"),
  optional("tls-client-key-file"),
  optional("tls-client-key-file-pass"),
  optional("tls-dh-params-file"),
  optional("tls-ca-cert-file"),
  optional("tls-ca-cert-dir"),
  optional("tls-protocols"),
  optional("tls-ciphers"),
  optional("tls-ciphersuites"),
  bool("tls-prefer-server-ciphers"),
  bool("tls-session-caching"),
  int("tls-session-cache-size", 0, INT_MAX),
  int("tls-session-cache-timeout", 0, INT_MAX),
  oneOf("tls-auth-clients", "tlsAuthClients"),
  bool("tls-replication"),
  bool("tls-cluster"),

  // Process
  bool("daemonize", immutable),
  oneOf("supervised", "supervised", immutable),
  optional("pidfile", immutable),
  text("logfile", immutable),
  oneOf("loglevel", "loglevel"),
  bool("syslog-enabled", immutable),
  text("syslog-ident", immutable),
  oneOf("syslog-facility", "syslogFacility", immutable),
  bool("always-show-logo", immutable),
  bool("set-proc-title", immutable),
  text("proc-title-template", {}, { check: checkTitleTemplate }),
  special("dir", dirType, { protected: true }),
  int("databases", 1, INT_MAX, immutable),
  int("hz", 0, INT_MAX, { settle: (hz) => Math.min(Math.max(hz, 1), 500), settleOnLoad: true }),
  bool("dynamic-hz"),
  bool("crash-log-enabled"),
  bool("crash-memcheck-enabled"),
  bool("use-exit-on-panic", hidden),
  int("watchdog-period", 0, INT_MAX, { hidden: true, settle: watchdogPeriod, settleOnLoad: true }),
  bool("disable-thp", immutable),
  special("oom-score-adj", enumType("oomScoreAdj", { relative: "yes" })),
  special("oom-score-adj-values", oomValuesType, { multi: true }),
  optional("server_cpulist", immutable),
  optional("bio_cpulist", immutable),
  optional("aof_rewrite_cpulist", immutable),
  optional("bgsave_cpulist", immutable),
  text("ignore-warnings"),
  special("shutdown-on-sigint", shutdownType, { multi: true }),
  special("shutdown-on-sigterm", shutdownType, { multi: true }),
  int("shutdown-timeout", 0, INT_MAX),
  bool("jemalloc-bg-thread"),
  int("active-expire-effort", 1, 10),
  bool("activerehashing"),

  // Memory
  memory("maxmemory", 0, ULONG_MAX),
  oneOf("maxmemory-policy", "maxmemoryPolicy"),
  int("maxmemory-samples", 1, INT_MAX),
  int("maxmemory-eviction-tenacity", 0, 100),
  special("maxmemory-clients", memoryOrPercentType()),
  int("lfu-log-factor", 0, INT_MAX),
  int("lfu-decay-time", 0, INT_MAX),
  bool("lazyfree-lazy-eviction"),
  bool("lazyfree-lazy-expire"),
  bool("lazyfree-lazy-server-del"),
  bool("lazyfree-lazy-user-del"),
  bool("lazyfree-lazy-user-flush"),
  special("activedefrag", { ...boolType, parse: refusing(boolType, true, refuseDefrag) }),
  memory("active-defrag-ignore-bytes", 1, LONG_MAX),
  int("active-defrag-threshold-lower", 0, 1000),
  int("active-defrag-threshold-upper", 0, 1000),
  int("active-defrag-cycle-min", 1, 99),
  int("active-defrag-cycle-max", 1, 99),
  int("active-defrag-max-scan-fields", 1, LONG_MAX),

  // Encodings
  int("hash-max-listpack-entries", 0, LONG_MAX, { alias: "hash-max-ziplist-entries" }),
  memory("hash-max-listpack-value", 0, LONG_MAX, { alias: "hash-max-ziplist-value" }),
  int("set-max-intset-entries", 0, LONG_MAX),
  int("zset-max-listpack-entries", 0, LONG_MAX, { alias: "zset-max-ziplist-entries" }),
  memory("zset-max-listpack-value", 0, LONG_MAX, { alias: "zset-max-ziplist-value" }),
  int("list-max-listpack-size", INT_MIN, INT_MAX, { alias: "list-max-ziplist-size" }),
  int("list-compress-depth", 0, INT_MAX),
  memory("hll-sparse-max-bytes", 0, LONG_MAX),
  memory("stream-node-max-bytes", 0, LONG_MAX),
  int("stream-node-max-entries", 0, LONG_MAX),

  // Snapshots
  special("save", saveType, { multi: true }),
  text("dbfilename", { protected: true }, { check: checkBareName("dbfilename", "filename", true) }),
  bool("rdbcompression"),
  bool("rdbchecksum", immutable),
  bool("stop-writes-on-bgsave-error"),
  bool("rdb-save-incremental-fsync"),
  bool("rdb-del-sync-files"),
  oneOf("sanitize-dump-payload", "sanitizeDumpPayload"),
  int("rdb-key-save-delay", INT_MIN, INT_MAX, hidden),
  int("key-load-delay", INT_MIN, INT_MAX, hidden),
  int("loading-process-events-interval-bytes", 1024, INT_MAX, hidden),

  // Append only file
  bool("appendonly", { denyLoading: true }),
  text("appendfilename", immutable, { check: checkBareName("appendfilename", "filename", false) }),
  text("appenddirname", immutable, { check: checkBareName("appenddirname", "dirname", false) }),
  oneOf("appendfsync", "appendfsync"),
  bool("no-appendfsync-on-rewrite"),
  int("auto-aof-rewrite-percentage", 0, INT_MAX),
  memory("auto-aof-rewrite-min-size", 0, LONG_MAX),
  bool("aof-load-truncated"),
  bool("aof-use-rdb-preamble"),
  bool("aof-timestamp-enabled"),
  bool("aof-rewrite-incremental-fsync"),
  bool("aof-disable-auto-gc"),

  // Replication
  special("replicaof", replicaofType, { alias: "slaveof", immutable: true, multi: true }),
  optional("masteruser", { sensitive: true }),
  optional("masterauth", { sensitive: true }, { binary: true }),
  bool("replica-serve-stale-data", { alias: "slave-serve-stale-data" }),
  bool("replica-read-only", { alias: "slave-read-only" }),
  bool("replica-lazy-flush", { alias: "slave-lazy-flush" }),
  bool("replica-ignore-maxmemory", { alias: "slave-ignore-maxmemory" }),
  bool("replica-ignore-disk-write-errors"),
  int("replica-priority", 0, INT_MAX, { alias: "slave-priority" }),
  bool("replica-announced"),
  optional("replica-announce-ip", { alias: "slave-announce-ip" }),
  int("replica-announce-port", 0, PORT_MAX, { alias: "slave-announce-port" }),
  bool("repl-diskless-sync"),
  int("repl-diskless-sync-delay", 0, INT_MAX),
  int("repl-diskless-sync-max-replicas", 0, INT_MAX),
  oneOf("repl-diskless-load", "replDisklessLoad", { denyLoading: true }),
  int("repl-ping-replica-period", 1, INT_MAX, { alias: "repl-ping-slave-period" }),
  int("repl-timeout", 1, INT_MAX),
  bool("repl-disable-tcp-nodelay"),
  memory("repl-backlog-size", 1, LONG_MAX, { settle: (size) => Math.max(size, 16 * 1024) }),
  int("repl-backlog-ttl", 0, LONG_MAX),
  int("min-replicas-to-write", 0, INT_MAX, { alias: "min-slaves-to-write" }),
  int("min-replicas-max-lag", 0, INT_MAX, { alias: "min-slaves-max-lag" }),
  oneOf("propagation-error-behavior", "propagationErrorBehavior"),

  // Cluster
  bool("cluster-enabled", immutable),
  text("cluster-config-file", immutable),
  int("cluster-port", 0, PORT_MAX, immutable),
  int("cluster-node-timeout", 0, LONG_MAX),
  int("cluster-replica-validity-factor", 0, INT_MAX, { alias: "cluster-slave-validity-factor" }),
  int("cluster-migration-barrier", 0, INT_MAX),
  bool("cluster-allow-replica-migration"),
  bool("cluster-require-full-coverage"),
  bool("cluster-replica-no-failover", { alias: "cluster-slave-no-failover" }),
  bool("cluster-allow-reads-when-down"),
  bool("cluster-allow-pubsubshard-when-down"),
  memory("cluster-link-sendbuf-limit", 0, ULONG_MAX),
  optional("cluster-announce-ip"),
  optional("cluster-announce-hostname", {}, { check: checkHostname }),
  int("cluster-announce-port", 0, PORT_MAX),
  int("cluster-announce-tls-port", 0, PORT_MAX),
  int("cluster-announce-bus-port", 0, PORT_MAX),
  oneOf("cluster-preferred-endpoint-type", "clusterPreferredEndpointType"),

  // Security
  optional("requirepass", { sensitive: true }, { binary: true }),
  text("aclfile", immutable),
  oneOf("acl-pubsub-default", "aclPubsubDefault"),
  int("acllog-max-len", 0, LONG_MAX),
  oneOf("enable-protected-configs", "protectedAction", immutable),
  oneOf("enable-debug-command", "protectedAction", immutable),
  oneOf("enable-module-command", "protectedAction", immutable),

  // Scripts, monitoring, notification
  int("busy-reply-threshold", 0, LONG_MAX, { alias: "lua-time-limit" }),
  bool("lua-enable-deprecated-api", { hidden: true, immutable: true }),
  int("slowlog-log-slower-than", -1, LONG_MAX),
  int("slowlog-max-len", 0, LONG_MAX),
  int("latency-monitor-threshold", 0, LONG_MAX),
  bool("latency-tracking"),
  special("latency-tracking-info-percentiles", percentilesType, { multi: true }),
  int("tracking-table-max-keys", 0, LONG_MAX),
  special("notify-keyspace-events", notifyType),
];

/** The watchdog cannot look more often than every other run of the cron; 0 is off. */
function watchdogPeriod(period: number, values: ConfigValues): number {
  return period === 0 ? 0 : Math.max(period, 2 * Math.trunc(1000 / values.hz));
}

/** A bool's parser that calls `refuse` (which throws) for one of the two values. */
function refusing(
  type: ValueType<boolean>,
  value: boolean,
  refuse: () => never,
): ValueType<boolean>["parse"] {
  return (words, context) => {
    const parsed = type.parse(words, context);
    return parsed === value ? refuse() : parsed;
  };
}

/** A name that CONFIG knows: a directive's own or its alias. */
export interface DirectiveName {
  readonly name: string;
  readonly directive: Directive;
}

/** Every name, aliases included, in table order, by lower-case name. */
export const DIRECTIVE_NAMES: ReadonlyMap<string, DirectiveName> = new Map(
  DIRECTIVES.flatMap((directive) => {
    const names = directive.alias === undefined ? [directive.name] : [directive.name, directive.alias];
    return names.map((name) => [name, { name, directive }]);
  }),
);

/** Finds a directive by one of its names, in any case. */
export function findDirective(name: string): DirectiveName | undefined {
  return DIRECTIVE_NAMES.get(name.toLowerCase());
}
