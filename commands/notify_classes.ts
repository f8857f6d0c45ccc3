/** Classes of keyspace notifications: one bit for each letter of notify-keyspace-events. */
export const Notify = {
  /** K: published on __keyspace@db__:key */
  KEYSPACE: 1 << 0,
  /** E: published on __keyevent@db__:event */
  KEYEVENT: 1 << 1,
  /** g: DEL, EXPIRE, RENAME and other commands of no type */
  GENERIC: 1 << 2,
  /** $ */
  STRING: 1 << 3,
  /** l */
  LIST: 1 << 4,
  /** s */
  SET: 1 << 5,
  /** h */
  HASH: 1 << 6,
  /** z */
  ZSET: 1 << 7,
  /** x: a key's time had come */
  EXPIRED: 1 << 8,
  /** e: a key was evicted for maxmemory */
  EVICTED: 1 << 9,
  /** t */
  STREAM: 1 << 10,
  /** m: a key that was read does not exist (not part of A) */
  KEY_MISS: 1 << 11,
  /** d: module key types */
  MODULE: 1 << 13,
  /** n: a key was created (not part of A) */
  NEW: 1 << 14,
} as const;

/** A: all classes but m and n. */
export const NOTIFY_ALL = Notify.GENERIC | Notify.STRING | Notify.LIST | Notify.SET | Notify.HASH |
  Notify.ZSET | Notify.EXPIRED | Notify.EVICTED | Notify.STREAM | Notify.MODULE;
