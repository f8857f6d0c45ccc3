/**
 * The settings as the rest of the server reads them: one plain field for each directive of redis.conf.
 *
 * Hot code reads `config.maxmemory` on every command, so a setting must cost no more than a property load. That is why
 * this is a class with declared fields (one hidden class, known offsets) and not a map or a record filled in a loop.
 *
 * A field's name is its directive's in camelCase (`maxmemory-policy` -> `maxmemoryPolicy`), its initial value is the
 * default of Redis 7.0.15. What a directive accepts, and how it is shown, stands in config_directives.ts; the compiler
 * checks there that name and type fit. Aliases (`slave-read-only`, `hash-max-ziplist-value`) have no field of their own.
 *
 * Texts are binary strings: one character (U+0000 to U+00FF) for each byte, because a password may be any bytes. Use
 * `config.path(text)` to get from a file name to a path that the system understands.
 */
import type { EnumOf } from "./config_enums.ts";

/** One `save` rule: snapshot after `seconds` when at least `changes` writes happened. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** One class of `client-output-buffer-limit`. Zero means no limit. */
export interface OutputBufferLimit {
  /** Bytes at which the client is closed at once. */
  readonly hard: number;
  /** Bytes that may not be exceeded for `seconds`. */
  readonly soft: number;
  readonly seconds: number;
}

/** Output buffer limits by client class. `replica` is the class that the wire calls "slave". */
export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

/** The primary to follow. */
export interface PrimaryAddress {
  readonly host: string;
  readonly port: number;
}

/** What a shutdown signal does; empty means `default`. */
export type ShutdownFlags = readonly EnumOf<"shutdown">[];

const MB = 1024 * 1024;

/** Every setting, at its default. See the file comment for names and texts. */
export class ConfigValues {
  // Network
  /** Addresses to listen on; one that starts with "-" may be missing. */
  bind: readonly string[] = ["*", "-::*"];
  bindSourceAddr = "";
  /** TCP port, 0: do not listen on TCP. */
  port = 6379;
  tcpBacklog = 511;
  /** Path of the unix socket, "": none. */
  unixsocket = "";
  /** Mode bits of the unix socket, 0: as the umask has it. */
  unixsocketperm = 0;
  /** Seconds after which an idle client is closed, 0: never. */
  timeout = 0;
  /** Seconds between TCP keepalive probes, 0: off. */
  tcpKeepalive = 300;
  protectedMode = true;
  maxclients = 10_000;
  socketMarkId = 0;
  /** Largest bulk string in a request, bytes. */
  protoMaxBulkLen = 512 * MB;
  /** Largest unprocessed request of one client, bytes. */
  clientQueryBufferLimit = 1024 * MB;
  clientOutputBufferLimit: OutputBufferLimits = {
    normal: { hard: 0, soft: 0, seconds: 0 },
    replica: { hard: 256 * MB, soft: 64 * MB, seconds: 60 },
    pubsub: { hard: 32 * MB, soft: 8 * MB, seconds: 60 },
  };
  ioThreads = 1;
  ioThreadsDoReads = false;

  // TLS: stored and checked; a server without TLS refuses to switch it on
  tlsPort = 0;
  tlsCertFile = "";
  tlsKeyFile = "";
  tlsKeyFilePass = "";
  tlsClientCertFile = "";
  tlsClientKeyFile = "";
  tlsClientKeyFilePass = "";
  tlsDhParamsFile = "";
  tlsCaCertFile = "";
  tlsCaCertDir = "";
  tlsProtocols = "";
  tlsCiphers = "";
  tlsCiphersuites = "";
  tlsPreferServerCiphers = false;
  tlsSessionCaching = true;
  tlsSessionCacheSize = 20_480;
  tlsSessionCacheTimeout = 300;
  tlsAuthClients: EnumOf<"tlsAuthClients"> = "yes";
  tlsReplication = false;
  tlsCluster = false;

  // Process
  daemonize = false;
  supervised: EnumOf<"supervised"> = "no";
  pidfile = "";
  /** File of the log, "": standard output. */
  logfile = "";
  loglevel: EnumOf<"loglevel"> = "notice";
  syslogEnabled = false;
  syslogIdent = "redis";
  syslogFacility: EnumOf<"syslogFacility"> = "local0";
  alwaysShowLogo = false;
  setProcTitle = true;
  procTitleTemplate = "{title} {listen-addr} {server-mode}";
  /** Working directory, absolute. Filled in by Config. */
  dir = "";
  databases = 16;
  /** Runs of the server's cron in a second, 1 to 500. */
  hz = 10;
  dynamicHz = true;
  crashLogEnabled = true;
  crashMemcheckEnabled = true;
  useExitOnPanic = false;
  watchdogPeriod = 0;
  disableThp = true;
  oomScoreAdj: EnumOf<"oomScoreAdj"> = "no";
  oomScoreAdjValues: readonly number[] = [0, 200, 800];
  serverCpulist = "";
  bioCpulist = "";
  aofRewriteCpulist = "";
  bgsaveCpulist = "";
  ignoreWarnings = "";
  shutdownOnSigint: ShutdownFlags = [];
  shutdownOnSigterm: ShutdownFlags = [];
  /** Seconds a shutdown waits for lagging replicas. */
  shutdownTimeout = 10;
  jemallocBgThread = true;
  /** How hard the active expire cycle works, 1 to 10. */
  activeExpireEffort = 1;
  activerehashing = true;

  // Memory
  /** Bytes of data, 0: no limit. */
  maxmemory = 0;
  maxmemoryPolicy: EnumOf<"maxmemoryPolicy"> = "noeviction";
  maxmemorySamples = 5;
  /** 0 to 100. */
  maxmemoryEvictionTenacity = 10;
  /** Bytes of all clients' buffers together, 0: no limit; -100 to -1: that percentage of `maxmemory`. */
  maxmemoryClients = 0;
  lfuLogFactor = 10;
  /** Minutes. */
  lfuDecayTime = 1;
  lazyfreeLazyEviction = false;
  lazyfreeLazyExpire = false;
  lazyfreeLazyServerDel = false;
  lazyfreeLazyUserDel = false;
  lazyfreeLazyUserFlush = false;
  activedefrag = false;
  activeDefragIgnoreBytes = 100 * MB;
  activeDefragThresholdLower = 10;
  activeDefragThresholdUpper = 100;
  activeDefragCycleMin = 1;
  activeDefragCycleMax = 25;
  activeDefragMaxScanFields = 1000;

  // Encodings: up to these sizes a value stays in its compact form
  hashMaxListpackEntries = 512;
  hashMaxListpackValue = 64;
  setMaxIntsetEntries = 512;
  zsetMaxListpackEntries = 128;
  zsetMaxListpackValue = 64;
  /** Elements of a list node when positive, -1 to -5: 4, 8, 16, 32, 64 KiB. */
  listMaxListpackSize = -2;
  listCompressDepth = 0;
  hllSparseMaxBytes = 3000;
  streamNodeMaxBytes = 4096;
  streamNodeMaxEntries = 100;

  // Snapshots
  save: readonly SavePoint[] = [
    { seconds: 3600, changes: 1 },
    { seconds: 300, changes: 100 },
    { seconds: 60, changes: 10_000 },
  ];
  dbfilename = "dump.rdb";
  rdbcompression = true;
  rdbchecksum = true;
  stopWritesOnBgsaveError = true;
  rdbSaveIncrementalFsync = true;
  rdbDelSyncFiles = false;
  sanitizeDumpPayload: EnumOf<"sanitizeDumpPayload"> = "no";
  /** For tests: microseconds to wait after each key; negative: keys after which to wait one microsecond. */
  rdbKeySaveDelay = 0;
  keyLoadDelay = 0;
  loadingProcessEventsIntervalBytes = 2 * MB;

  // Append only file
  appendonly = false;
  appendfilename = "appendonly.aof";
  appenddirname = "appendonlydir";
  appendfsync: EnumOf<"appendfsync"> = "everysec";
  noAppendfsyncOnRewrite = false;
  autoAofRewritePercentage = 100;
  autoAofRewriteMinSize = 64 * MB;
  aofLoadTruncated = true;
  aofUseRdbPreamble = true;
  aofTimestampEnabled = false;
  aofRewriteIncrementalFsync = true;
  aofDisableAutoGc = false;

  // Replication
  /** The primary; null: this server is one. Changes at run time with REPLICAOF. */
  replicaof: PrimaryAddress | null = null;
  masteruser = "";
  masterauth = "";
  replicaServeStaleData = true;
  replicaReadOnly = true;
  replicaLazyFlush = false;
  replicaIgnoreMaxmemory = true;
  replicaIgnoreDiskWriteErrors = false;
  replicaPriority = 100;
  replicaAnnounced = true;
  replicaAnnounceIp = "";
  replicaAnnouncePort = 0;
  replDisklessSync = true;
  /** Seconds. */
  replDisklessSyncDelay = 5;
  replDisklessSyncMaxReplicas = 0;
  replDisklessLoad: EnumOf<"replDisklessLoad"> = "disabled";
  /** Seconds. */
  replPingReplicaPeriod = 10;
  /** Seconds. */
  replTimeout = 60;
  replDisableTcpNodelay = false;
  replBacklogSize = MB;
  /** Seconds. */
  replBacklogTtl = 3600;
  minReplicasToWrite = 0;
  /** Seconds. */
  minReplicasMaxLag = 10;
  propagationErrorBehavior: EnumOf<"propagationErrorBehavior"> = "ignore";

  // Cluster
  clusterEnabled = false;
  clusterConfigFile = "nodes.conf";
  clusterPort = 0;
  /** Milliseconds. */
  clusterNodeTimeout = 15_000;
  clusterReplicaValidityFactor = 10;
  clusterMigrationBarrier = 1;
  clusterAllowReplicaMigration = true;
  clusterRequireFullCoverage = true;
  clusterReplicaNoFailover = false;
  clusterAllowReadsWhenDown = false;
  clusterAllowPubsubshardWhenDown = true;
  clusterLinkSendbufLimit = 0;
  clusterAnnounceIp = "";
  clusterAnnounceHostname = "";
  clusterAnnouncePort = 0;
  clusterAnnounceTlsPort = 0;
  clusterAnnounceBusPort = 0;
  clusterPreferredEndpointType: EnumOf<"clusterPreferredEndpointType"> = "ip";

  // Security
  requirepass = "";
  aclfile = "";
  aclPubsubDefault: EnumOf<"aclPubsubDefault"> = "resetchannels";
  acllogMaxLen = 128;
  enableProtectedConfigs: EnumOf<"protectedAction"> = "no";
  enableDebugCommand: EnumOf<"protectedAction"> = "no";
  enableModuleCommand: EnumOf<"protectedAction"> = "no";

  // Scripts, monitoring, notification
  /** Milliseconds after which a script is reported as busy. */
  busyReplyThreshold = 5000;
  luaEnableDeprecatedApi = false;
  /** Microseconds, negative: off. */
  slowlogLogSlowerThan = 10_000;
  slowlogMaxLen = 128;
  /** Milliseconds, 0: off. */
  latencyMonitorThreshold = 0;
  latencyTracking = true;
  latencyTrackingInfoPercentiles: readonly number[] = [50, 99, 99.9];
  trackingTableMaxKeys = 1_000_000;
  /** Bits of Notify (commands/notify_classes.ts). */
  notifyKeyspaceEvents = 0;
}
