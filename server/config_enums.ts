/**
 * The words that each enumerated directive accepts, in the order in which an error message lists them. The order is part of
 * the protocol: clients see "argument(s) must be one of the following: everysec, always, no".
 */
export const ENUMS = {
  aclPubsubDefault: ["allchannels", "resetchannels"],
  appendfsync: ["everysec", "always", "no"],
  clusterPreferredEndpointType: ["ip", "hostname", "unknown-endpoint"],
  loglevel: ["debug", "verbose", "notice", "warning"],
  maxmemoryPolicy: [
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
  ],
  oomScoreAdj: ["no", "yes", "relative", "absolute"],
  propagationErrorBehavior: ["ignore", "panic", "panic-on-replicas"],
  protectedAction: ["no", "yes", "local"],
  replDisklessLoad: ["disabled", "on-empty-db", "swapdb"],
  sanitizeDumpPayload: ["no", "yes", "clients"],
  shutdown: ["default", "save", "nosave", "now", "force"],
  supervised: ["upstart", "systemd", "auto", "no"],
  syslogFacility: [
    "user",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
  ],
  tlsAuthClients: ["no", "yes", "optional"],
} as const;

/** Name of an enumeration. */
export type EnumName = keyof typeof ENUMS;

/** The words of one enumeration as a union type. */
export type EnumOf<N extends EnumName> = (typeof ENUMS)[N][number];
