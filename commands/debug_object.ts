/** DEBUG sub-commands that look into one key or one table: how the value is held, what it takes, how it is spread. */

import { payloadBytes } from "../persistence/dump.ts";
import type { Database } from "../store.ts";
import type { ByteTable } from "../types/byte_table.ts";
import { latin1 } from "../types/bytes.ts";
import type { FieldTable } from "../types/field_table.ts";
import { encodingName, isString, Kind, type KindCode } from "../types/kind.ts";
import { Entry, LP_END, LP_HEADER, lpBytes, lpCount, lpSkip } from "../types/listpack.ts";
import type { Quicklist } from "../types/quicklist.ts";
import type { SortedSet } from "../types/zset.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, NO_SUCH_KEY } from "./errors.ts";
import { referenceCount } from "./object.ts";
import { fixed } from "../util/fixed.ts";

const NO_LISTPACK = new CommandError("ERR Not a listpack encoded object.");
const NO_QUICKLIST = new CommandError("ERR Not a quicklist encoded object.");
const NO_TABLE = new CommandError(
  "ERR The value stored at the specified key is not represented using an hash table",
);
const NO_STRING = new CommandError("ERR Not an sds encoded string.");
const NO_DATABASE = new CommandError("ERR Out of range database");

/** The record of the key in argument 2, left untouched; even where its time has come. */
function mustFind(ctx: Context, args: Args): number {
  const addr = ctx.inspect(args, 2);
  if (addr === 0) throw NO_SUCH_KEY;
  return addr;
}

/** As {@link mustFind}, counted as a hit or a miss: so do the sub-commands that look into a structure. */
function mustLookUp(ctx: Context, args: Args): number {
  const addr = ctx.peekQuietly(args, 2);
  if (addr === 0) throw NO_SUCH_KEY;
  return addr;
}

/** DEBUG OBJECT key */
export function debugObject(ctx: Context, args: Args): void {
  const addr = mustFind(ctx, args);
  const { db, store } = ctx;
  const kind = db.kind(addr);
  const access = db.accessOf(addr);
  ctx.reply.simple(
    `Value at:0x${(addr * 8).toString(16).padStart(12, "0")} refcount:${referenceCount(ctx, addr)} ` +
      `encoding:${encodingName(kind)} serializedlength:${
        payloadBytes(db, addr, ctx.server.config.rdbcompression)
      } ` +
      `lru:${access} lru_seconds_idle:${(store.lruClock - access) & 0xffffff}${listDetails(ctx, addr, kind)}`,
  );
}

/** What DEBUG OBJECT adds for a list. */
function listDetails(ctx: Context, addr: number, kind: KindCode): string {
  const { db } = ctx;
  const { listMaxListpackSize, listCompressDepth } = ctx.server.config;
  let nodes = 1;
  let bytes = 0;
  let length: number;
  if (kind === Kind.LIST_PACKED) {
    length = lpCount(db.bytes(addr), db.valueStart(addr));
    bytes = lpBytes(db.bytes(addr), db.valueStart(addr));
  } else if (kind === Kind.LIST) {
    const list = db.object<Quicklist>(addr);
    length = list.length;
    nodes = list.blocks;
    for (let node = list.head; node !== null; node = node.next) bytes += node.rawBytes;
  } else return "";
  return ` ql_nodes:${nodes} ql_avg_node:${fixed(length / nodes, 2)} ql_listpack_max:${listMaxListpackSize}` +
    ` ql_compressed:${listCompressDepth !== 0 ? 1 : 0} ql_uncompressed_size:${bytes}`;
}

/** DEBUG SDSLEN key: a record holds key and value in one block, so what is free in it is free for the value. */
export function debugSdslen(ctx: Context, args: Args): void {
  const addr = mustFind(ctx, args);
  const { db } = ctx;
  if (!isString(db.kind(addr)) || db.kind(addr) === Kind.INT) throw NO_STRING;
  const key = db.keyLength(addr);
  const value = db.valueLength(addr);
  const free = db.arena.capacityOf(addr) - (db.valueStart(addr) - db.arena.offsetOf(addr)) - value;
  ctx.reply.simple(
    `key_sds_len:${key}, key_sds_avail:0, key_zmalloc: ${key}, ` +
      `val_sds_len:${value}, val_sds_avail:${free}, val_zmalloc: ${value + free}`,
  );
}

// -- Packed values, on standard output as redis-server shows them -----------------------------------------------------

/** The entries of the listpack at `buf[start]`, a line each. */
function describePack(buf: Uint8Array, start: number): string {
  const entry = new Entry();
  let text = `{total bytes ${lpBytes(buf, start)}} {num entries ${lpCount(buf, start)}}\n`;
  let index = 0;
  for (let p = start + LP_HEADER; buf[p] !== LP_END; p = lpSkip(buf, p)) {
    entry.readText(buf, p);
    text += `{index ${index++}} {offset ${p - start}} ${
      JSON.stringify(latin1(entry.buf, entry.start, entry.end))
    }\n`;
  }
  return text;
}

/** DEBUG LISTPACK key */
export function debugListpack(ctx: Context, args: Args): void {
  const addr = mustLookUp(ctx, args);
  const kind = ctx.db.kind(addr);
  if (kind !== Kind.HASH_PACKED && kind !== Kind.ZSET_PACKED) throw NO_LISTPACK;
  ctx.server.log.raw(describePack(ctx.db.bytes(addr), ctx.db.valueStart(addr)));
  ctx.reply.simple("Listpack structure printed on stdout");
}

/** DEBUG QUICKLIST key [0|1] */
export function debugQuicklist(ctx: Context, args: Args): void {
  const addr = mustLookUp(ctx, args);
  const { db } = ctx;
  const full = args.count === 4 && parseInt(args.text(3), 10) > 0;
  let text: string;
  if (db.kind(addr) === Kind.LIST_PACKED) {
    const start = db.valueStart(addr);
    text = `{count : ${lpCount(db.bytes(addr), start)}}\n{node : 0}\n`;
    if (full) text += describePack(db.bytes(addr), start);
  } else if (db.kind(addr) === Kind.LIST) text = describeList(db.object<Quicklist>(addr), full);
  else throw NO_QUICKLIST;
  ctx.server.log.raw(text);
  ctx.reply.simple("Quicklist structure printed on stdout");
}

function describeList(list: Quicklist, full: boolean): string {
  let text = `{count : ${list.length}}\n`;
  let index = 0;
  for (let node = list.head; node !== null; node = node.next) {
    text +=
      `{node : ${index}} {blocks : ${node.blocks}} {count : ${node.count}} {bytes : ${node.rawBytes}} ` +
      `{${node.plain ? "plain" : "packed"}}${node.compressed ? " {compressed}" : ""}\n`;
    if (full && !node.compressed && !node.plain) {
      for (let at = node.start; at < node.end; at = node.blockEnd(at)) text += describePack(node.buf, at);
    }
    index += node.blocks;
  }
  return text;
}

// -- Tables -----------------------------------------------------------------------------------------------------------

/** DEBUG HTSTATS db */
export function debugHtstats(ctx: Context, args: Args): void {
  const db: Database | undefined = ctx.store.databases[args.integer(2)];
  if (db === undefined) throw NO_DATABASE;
  ctx.reply.verbatim(`[Dictionary HT]\n${tableStats(db.table)}[Expires HT]\n${tableStats(db.expires)}`);
}

/** DEBUG HTSTATS-KEY key */
export function debugHtstatsKey(ctx: Context, args: Args): void {
  const addr = mustLookUp(ctx, args);
  const kind = ctx.db.kind(addr);
  if (kind === Kind.HASH || kind === Kind.SET) {
    ctx.reply.verbatim(tableStats(ctx.db.object<FieldTable>(addr).table));
  } else if (kind === Kind.ZSET) ctx.reply.verbatim(tableStats(ctx.db.object<SortedSet>(addr).table));
  else throw NO_TABLE;
}

/** Longest chain that is told apart. */
const MAX_CHAIN = 50;

/**
 * A table in the words of redis-server's: its "chain" is here the entries of one home bucket, wherever probing put
 * them. A rehash under way is completed first.
 */
function tableStats(table: ByteTable): string {
  table.finishRehash();
  let text = "Hash table 0 stats (main hash table):\n";
  if (table.size === 0) return text + "No stats available for empty dictionaries\n";
  const { capacity } = table;
  const chains = new Uint32Array(capacity);
  table.forEach((addr) => chains[table.hashOf(addr) & (capacity - 1)]!++);
  const byLength = new Array<number>(MAX_CHAIN).fill(0);
  let longest = 0;
  for (const length of chains) {
    byLength[Math.min(length, MAX_CHAIN - 1)]!++;
    longest = Math.max(longest, length);
  }
  const used = capacity - byLength[0]!;
  const average = fixed(table.size / used, 2);
  text += ` table size: ${capacity}\n number of elements: ${table.size}\n different slots: ${used}\n` +
    ` max chain length: ${longest}\n avg chain length (counted): ${average}\n` +
    ` avg chain length (computed): ${average}\n Chain length distribution:\n`;
  for (const [length, count] of byLength.entries()) {
    if (count === 0) continue;
    const name = length === MAX_CHAIN - 1 ? `>= ${length}` : String(length);
    text += `   ${name}: ${count} (${fixed(count * 100 / capacity, 2)}%)\n`;
  }
  return text;
}
