/**
 * Values to and from RDB, whatever their type: the one place that knows which module of values/ knows which type.
 */
import type { Database } from "../store.ts";
import { Kind, type KindCode } from "../types/kind.ts";
import { RdbType } from "./rdb_format.ts";
import type { RdbInput } from "./rdb_input.ts";
import { moduleTypeName, skipModuleValue } from "./rdb_reader.ts";
import type { RdbWriter } from "./rdb_writer.ts";
import { loadHash, saveHash } from "./values/hashes.ts";
import { loadList, saveList } from "./values/lists.ts";
import { finish, type Rest } from "./values/rest.ts";
import { loadSet, saveSet } from "./values/sets.ts";
import { loadStream, saveStream } from "./values/streams.ts";
import { loadString, saveString } from "./values/strings.ts";
import type { LoadedValue, LoadTarget } from "./values/value.ts";
import { loadSortedSet, saveSortedSet } from "./values/zsets.ts";

/** The value type that a record of each kind is written as, by the kind's number: those of Redis 7.0. */
const TYPE_OF_KIND: readonly number[] = (() => {
  const types: number[] = [];
  types[Kind.EMBSTR] = types[Kind.RAW] = types[Kind.INT] = RdbType.STRING;
  types[Kind.LIST_PACKED] = types[Kind.LIST] = RdbType.LIST_QUICKLIST_2;
  types[Kind.HASH_PACKED] = RdbType.HASH_LISTPACK;
  types[Kind.HASH] = RdbType.HASH;
  types[Kind.SET_INTS] = RdbType.SET_INTSET;
  types[Kind.SET] = RdbType.SET;
  types[Kind.ZSET_PACKED] = RdbType.ZSET_LISTPACK;
  types[Kind.ZSET] = RdbType.ZSET_2;
  types[Kind.STREAM] = RdbType.STREAM_LISTPACKS_2;
  return types;
})();

/** The value type of a record. */
export function rdbTypeOf(kind: KindCode): number {
  return TYPE_OF_KIND[kind]!;
}

/** Writes the value of a record (without its type), all at once. */
export function saveWhole(writer: RdbWriter, db: Database, addr: number): void {
  finish(saveValue(writer, db, addr));
}

/**
 * Begins to write the value of a record (without its type). What is left of it must be written before anything else is,
 * and before the value changes; null where that is nothing.
 */
export function saveValue(writer: RdbWriter, db: Database, addr: number): Rest | null {
  switch (db.kind(addr)) {
    case Kind.EMBSTR:
    case Kind.RAW:
    case Kind.INT:
      return saveString(writer, db, addr);
    case Kind.LIST_PACKED:
    case Kind.LIST:
      return saveList(writer, db, addr);
    case Kind.HASH_PACKED:
    case Kind.HASH:
      return saveHash(writer, db, addr);
    case Kind.SET_INTS:
    case Kind.SET:
      return saveSet(writer, db, addr);
    case Kind.ZSET_PACKED:
    case Kind.ZSET:
      return saveSortedSet(writer, db, addr);
    case Kind.STREAM:
      return saveStream(writer, db, addr);
  }
}

/**
 * Reads a value of this type. On an error (RdbError, EmptyValue) `out` may hold part of it, which the caller must
 * {@link LoadedValue.discard}.
 */
export function loadValue(input: RdbInput, type: number, target: LoadTarget, out: LoadedValue): void {
  switch (type) {
    case RdbType.STRING:
      return loadString(input, out);
    case RdbType.LIST:
    case RdbType.LIST_ZIPLIST:
    case RdbType.LIST_QUICKLIST:
    case RdbType.LIST_QUICKLIST_2:
      return loadList(input, type, target, out);
    case RdbType.SET:
    case RdbType.SET_INTSET:
    case RdbType.SET_LISTPACK:
      return loadSet(input, type, target, out);
    case RdbType.ZSET:
    case RdbType.ZSET_2:
    case RdbType.ZSET_ZIPLIST:
    case RdbType.ZSET_LISTPACK:
      return loadSortedSet(input, type, target, out);
    case RdbType.HASH:
    case RdbType.HASH_ZIPMAP:
    case RdbType.HASH_ZIPLIST:
    case RdbType.HASH_LISTPACK:
      return loadHash(input, type, target, out);
    case RdbType.STREAM_LISTPACKS:
    case RdbType.STREAM_LISTPACKS_2:
    case RdbType.STREAM_LISTPACKS_3:
      return loadStream(input, type, out);
    case RdbType.HASH_METADATA_PRE_GA:
    case RdbType.HASH_LISTPACK_EX_PRE_GA:
    case RdbType.HASH_METADATA:
    case RdbType.HASH_LISTPACK_EX:
      return input.fail("a hash whose fields expire (Redis 7.4), which this version cannot hold", 1);
    case RdbType.MODULE_2: {
      const name = moduleTypeName(input.length64());
      skipModuleValue(input);
      return input.fail(`The RDB file contains module data I can't load: no matching module type '${name}'`);
    }
    default:
      return input.fail(`unknown value type ${type}`);
  }
}
