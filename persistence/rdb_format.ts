/**
 * The numbers of the RDB format, which files, DUMP payloads and full resyncs share.
 *
 * A file is: "REDIS" and four digits of version, then records that begin with an opcode or a value type, then
 * {@link Op.EOF} and (from version 5 on) eight bytes of CRC64 over everything before, zero where the writer was told
 * not to compute it. A key is: its opcodes (expiry, idle time, frequency), its value type, the key, the value.
 */

/** The version that is written: that of Redis 7.0. */
export const RDB_VERSION = 10;
/** The newest version that is read (Redis 7.4); older servers refuse what is newer than themselves. */
export const RDB_NEWEST_VERSION = 12;
/** Length of "REDIS" and the version's four digits. */
export const RDB_HEADER_BYTES = 9;
/** Versions from this one on end in a checksum. */
export const RDB_CHECKSUM_VERSION = 5;

/** Opcodes: first bytes that do not begin a key's value type. */
export const Op = {
  /** Slot number, keys in it, expiring keys in it (7.4 in cluster mode). */
  SLOT_INFO: 244,
  /** A function library: its source text. */
  FUNCTION2: 245,
  /** A function as the release candidates of 7.0 wrote it; never in a final version. */
  FUNCTION_PRE_GA: 246,
  /** Data of a module that belongs to no key. */
  MODULE_AUX: 247,
  /** Seconds since the next key was used (LRU). */
  IDLE: 248,
  /** The next key's access counter, one byte (LFU). */
  FREQ: 249,
  /** A name and a text about the file. */
  AUX: 250,
  /** Keys and expiring keys that follow in this database. */
  RESIZE_DB: 251,
  /** The next key's expiry in milliseconds, eight bytes. */
  EXPIRE_MS: 252,
  /** The next key's expiry in seconds, four bytes (before version 3). */
  EXPIRE_SECONDS: 253,
  /** The keys that follow are in this database. */
  SELECT_DB: 254,
  EOF: 255,
} as const;

/** Value types: how a key's value is written. */
export const RdbType = {
  STRING: 0,
  LIST: 1,
  SET: 2,
  /** Scores as text. */
  ZSET: 3,
  HASH: 4,
  /** Scores as binary doubles. */
  ZSET_2: 5,
  MODULE_PRE_GA: 6,
  MODULE_2: 7,
  HASH_ZIPMAP: 9,
  LIST_ZIPLIST: 10,
  SET_INTSET: 11,
  ZSET_ZIPLIST: 12,
  HASH_ZIPLIST: 13,
  /** Nodes are ziplists. */
  LIST_QUICKLIST: 14,
  STREAM_LISTPACKS: 15,
  HASH_LISTPACK: 16,
  ZSET_LISTPACK: 17,
  /** Nodes are listpacks or single plain elements. */
  LIST_QUICKLIST_2: 18,
  /** With first id, largest deleted id, entries added, and the groups' entries read. */
  STREAM_LISTPACKS_2: 19,
  SET_LISTPACK: 20,
  /** With the consumers' active time. */
  STREAM_LISTPACKS_3: 21,
  /** Hashes whose fields expire (7.4), which 7.0 has no place for. */
  HASH_METADATA_PRE_GA: 22,
  HASH_LISTPACK_EX_PRE_GA: 23,
  HASH_METADATA: 24,
  HASH_LISTPACK_EX: 25,
} as const;

/** The last value type that Redis 7.0 knows; RESTORE refuses what is newer, as 7.0 does. */
export const LAST_TYPE_OF_7_0 = RdbType.STREAM_LISTPACKS_2;

/** First bytes of lengths that do not say them in their low six bits. */
export const Length = {
  /** 10000000: four bytes, big-endian. */
  BITS_32: 0x80,
  /** 10000001: eight bytes, big-endian. */
  BITS_64: 0x81,
  /** 11xxxxxx: no length but a specially encoded string. */
  ENCODED: 0xc0,
} as const;

/** Strings that stand behind {@link Length.ENCODED}: integers of one, two and four bytes, and compressed bytes. */
export const StringEncoding = { INT8: 0, INT16: 1, INT32: 2, LZF: 3 } as const;

/** Containers of a node of {@link RdbType.LIST_QUICKLIST_2}. */
export const Container = { PLAIN: 1, PACKED: 2 } as const;

/** Parts of a module's data, each of which says what follows it. */
export const ModuleOp = { EOF: 0, SINT: 1, UINT: 2, FLOAT: 3, DOUBLE: 4, STRING: 5 } as const;

/** Lengths of a score as text (type ZSET) that stand for something else. */
export const ScoreLength = { NAN: 253, POSITIVE_INFINITY: 254, NEGATIVE_INFINITY: 255 } as const;

/** Strings shorter than this are never compressed: LZF could not make them smaller. */
export const COMPRESS_FROM_BYTES = 21;
