/**
 * What a record of the keyspace holds: type and encoding in one small number, so that it fits the record's header.
 * Small collections are one packed block inline in the record; large ones are an object that the record names.
 */

import type { Arena } from "./arena.ts";

/** The kinds of values; 4 bits in a record's header. */
export const Kind = {
  /** String of at most 44 bytes, written as a whole. */
  EMBSTR: 0,
  /** Longer string, or one that was changed in place. */
  RAW: 1,
  /** String that is the canonical text of a 64-bit integer; stored as that text. */
  INT: 2,
  /** List in one inline listpack (OBJECT ENCODING still says quicklist). */
  LIST_PACKED: 3,
  /** {@link Quicklist} object. */
  LIST: 4,
  /** Hash in one inline listpack (field, value, field, value ...). */
  HASH_PACKED: 5,
  /** Hash object over a byte table. */
  HASH: 6,
  /** Set of integers in one inline intset. */
  SET_INTS: 7,
  /** Set object over a byte table. */
  SET: 8,
  /** Sorted set in one inline listpack (member, score, ... in order). */
  ZSET_PACKED: 9,
  /** Sorted set object. */
  ZSET: 10,
  /** Stream object. */
  STREAM: 11,
} as const;

/** One of the numbers of {@link Kind}. */
export type KindCode = typeof Kind[keyof typeof Kind];

/** Strings up to this many bytes are "embstr" (OBJECT ENCODING of Redis 7.0). */
export const EMBSTR_LIMIT = 44;

const TYPE_NAMES = [
  "string",
  "string",
  "string",
  "list",
  "list",
  "hash",
  "hash",
  "set",
  "set",
  "zset",
  "zset",
  "stream",
];

const ENCODING_NAMES = [
  "embstr",
  "raw",
  "int",
  "quicklist",
  "quicklist",
  "listpack",
  "hashtable",
  "intset",
  "hashtable",
  "listpack",
  "skiplist",
  "stream",
];

/** The name that TYPE replies. */
export function typeName(kind: number): string {
  return TYPE_NAMES[kind]!;
}

/** The name that OBJECT ENCODING replies. */
export function encodingName(kind: number): string {
  return ENCODING_NAMES[kind]!;
}

/** True for the three kinds of strings. */
export function isString(kind: number): boolean {
  return kind <= Kind.INT;
}

/** True where the record names an object instead of holding the value's bytes. */
export function isObject(kind: number): boolean {
  return ((OBJECT_KINDS >>> kind) & 1) !== 0;
}

/** True for objects with buffers of their own beside the arena: these outlive the arena, unless they are released. */
export function hasOwnBuffers(kind: number): boolean {
  return kind === Kind.LIST || kind === Kind.STREAM;
}

/** A bit for each kind that is an object. */
const OBJECT_KINDS = (1 << Kind.LIST) | (1 << Kind.HASH) | (1 << Kind.SET) | (1 << Kind.ZSET) |
  (1 << Kind.STREAM);

/** Somebody who still reads a value that may change or go meanwhile; who it is, the value tells before each change. */
export interface Guard {
  /** What is to be done as soon as nobody reads the value any more: giving it back. */
  whenDone: (() => void) | null;
}

/** Ends a walk: its value need not tell it of changes any more, and is given back where that has waited for it. */
export function endWalk(value: { guard: Guard | null }, walk: Guard): void {
  if (value.guard === walk) value.guard = null;
  const { whenDone } = walk;
  walk.whenDone = null;
  whenDone?.();
}

/** A large value: what the keyspace must know about it, whatever its type. */
export interface StoredObject {
  /** Who must be told of changes, null for nobody; undefined where nobody ever is: then it must not change meanwhile. */
  readonly guard?: Guard | null;
  /** Bytes that the value takes, arena blocks and JavaScript objects together; O(1). */
  memoryBytes(): number;
  /** The part of {@link memoryBytes} that is not in blocks of an arena, which has books of its own; O(1). */
  outsideBytes(): number;
  /** Elements, as MEMORY USAGE and DEBUG measure effort. */
  readonly length: number;
  /** Steps that freeing it takes in redis-server: elements of a table, nodes of a list or a stream. */
  readonly freeEffort: number;
  /** A copy whose blocks lie in `arena` (COPY, and MOVE between databases). */
  cloneInto(arena: Arena): StoredObject;
  /**
   * Gives back up to `budget` elements' arena blocks, or so many buffers; true when nothing is left. The value is
   * unreachable by then.
   */
  release(budget: number): boolean;
}
