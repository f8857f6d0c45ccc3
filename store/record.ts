/**
 * The layout of a key's record in the arena: header words, key bytes, value bytes, one block.
 *
 *   word 0   key length and number of further header words (2, or 4 with an expiry)   types/byte_table.ts
 *   word 1   bits 0..3 kind, 4..7 snapshot epoch, 8..31 LRU clock or LFU counter
 *   word 2   length of the inline value, or the handle of the object
 *   word 3,4 expiry, Unix time in milliseconds, low and high word (only where there is one)
 *
 * So a key of 16 bytes with a 3 byte value takes 32 bytes and its index slot. Nobody outside this file knows where in a
 * record something stands.
 */

import type { Arena } from "../types/arena.ts";
import { MAX_KEY_BYTES, recordHead } from "../types/byte_table.ts";
import type { KindCode } from "../types/kind.ts";
import { type Expiry, NO_EXPIRY } from "./events.ts";

const WORDS_PLAIN = 2;
const WORDS_EXPIRING = 4;
const KIND_MASK = 0x0f;
const EPOCH_SHIFT = 4;
const EPOCH_MASK = 0x0f;
const LOW_MASK = 0xff;

/** Bytes in front of the key of a record with this expiry. */
export function headerBytes(expiry: Expiry): number {
  return 4 + (expiry === NO_EXPIRY ? WORDS_PLAIN : WORDS_EXPIRING) * 4;
}

/** Begins a record: its key's length and its access field; everything else is still to be written. */
export function writeHead(
  arena: Arena,
  addr: number,
  keyLength: number,
  expiry: Expiry,
  access: number,
): void {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr);
  words[at] = recordHead(keyLength, expiry === NO_EXPIRY ? WORDS_PLAIN : WORDS_EXPIRING);
  words[at + 1] = (access << 8) >>> 0;
}

/** Header and key, in bytes. */
export function headAndKeyBytes(arena: Arena, addr: number): number {
  const head = arena.wordsOf(addr)[arena.wordOf(addr)]!;
  return 4 + ((head >>> 29) << 2) + (head & MAX_KEY_BYTES);
}

/** True where the record has an expiry. */
export function isVolatile(arena: Arena, addr: number): boolean {
  return arena.wordsOf(addr)[arena.wordOf(addr)]! >>> 29 === WORDS_EXPIRING;
}

/** One of {@link Kind}. */
export function kindOf(arena: Arena, addr: number): KindCode {
  return (arena.wordsOf(addr)[arena.wordOf(addr) + 1]! & KIND_MASK) as KindCode;
}

/** The epoch stamped on the record, 0..15. */
export function epochOf(arena: Arena, addr: number): number {
  return (arena.wordsOf(addr)[arena.wordOf(addr) + 1]! >>> EPOCH_SHIFT) & EPOCH_MASK;
}

/** Stamps the record with an epoch. */
export function setEpoch(arena: Arena, addr: number, epoch: number): void {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr) + 1;
  words[at] = ((words[at]! & ~(EPOCH_MASK << EPOCH_SHIFT)) | (epoch << EPOCH_SHIFT)) >>> 0;
}

/** The 24 bit access field: LRU clock, or LFU minutes and counter. */
export function accessOf(arena: Arena, addr: number): number {
  return arena.wordsOf(addr)[arena.wordOf(addr) + 1]! >>> 8;
}

/** Sets the access field. */
export function setAccess(arena: Arena, addr: number, access: number): void {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr) + 1;
  words[at] = ((access << 8) | (words[at]! & LOW_MASK)) >>> 0;
}

/** Length of the inline value, or the handle of the object. */
export function valueWordOf(arena: Arena, addr: number): number {
  return arena.wordsOf(addr)[arena.wordOf(addr) + 2]!;
}

/** Kind, epoch, access (-1 keeps it) and {@link valueWordOf}. */
export function writeMeta(
  arena: Arena,
  addr: number,
  kind: KindCode,
  valueWord: number,
  epoch: number,
  access: number,
): void {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr);
  const field = access < 0 ? words[at + 1]! >>> 8 : access;
  words[at + 1] = ((field << 8) | (epoch << EPOCH_SHIFT) | kind) >>> 0;
  words[at + 2] = valueWord;
}

/** Takes meta words over from another record. */
export function copyMeta(arena: Arena, from: number, to: number): void {
  const source = arena.wordsOf(from);
  const word = arena.wordOf(from);
  const words = arena.wordsOf(to);
  const at = arena.wordOf(to);
  words[at + 1] = source[word + 1]!;
  words[at + 2] = source[word + 2]!;
}

/** Unix time in milliseconds at which the key goes, or NO_EXPIRY; rounded beyond 2^53. */
export function expiryOf(arena: Arena, addr: number): number {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr);
  if (words[at]! >>> 29 !== WORDS_EXPIRING) return NO_EXPIRY;
  return (words[at + 4]! | 0) * 4294967296 + words[at + 3]!;
}

/** As {@link expiryOf}, exactly. */
export function exactExpiryOf(arena: Arena, addr: number): number | bigint {
  const expiry = expiryOf(arena, addr);
  if (expiry <= Number.MAX_SAFE_INTEGER) return expiry;
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr);
  return (BigInt(words[at + 4]!) << 32n) | BigInt(words[at + 3]!);
}

/** Writes the expiry of a record that has room for one. */
export function writeExpiry(arena: Arena, addr: number, expiry: Expiry): void {
  const words = arena.wordsOf(addr);
  const at = arena.wordOf(addr);
  if (typeof expiry === "bigint") {
    words[at + 3] = Number(expiry & 0xffffffffn);
    words[at + 4] = Number((expiry >> 32n) & 0xffffffffn);
    return;
  }
  const high = Math.floor(expiry / 4294967296);
  words[at + 3] = expiry - high * 4294967296;
  words[at + 4] = high;
}
