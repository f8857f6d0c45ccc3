/** RDB files outside of a server. */
import { assertEquals } from "@std/assert";
import { RdbInput } from "../../persistence/rdb_input.ts";
import { RdbLoad } from "../../persistence/rdb_load.ts";
import { RdbReader } from "../../persistence/rdb_reader.ts";
import type { Store } from "../../store.ts";
import { LIMITS, LISTS, newStore } from "./data_set.ts";

/** What a reader hands its records to: a key may come once, and function libraries are forgotten. */
export function loaderInto(store: Store, dropExpiredBefore: number | null = null): RdbLoad {
  return new RdbLoad(store, {
    limits: LIMITS,
    lists: LISTS,
    dropExpiredBefore,
    allowDuplicates: false,
    functionLibrary: () => {},
  });
}

/** Loads a whole file into a new store. Throws what is wrong with it. */
export function loadFile(
  file: Uint8Array,
  { verify = true, dropExpiredBefore = null }: { verify?: boolean; dropExpiredBefore?: number | null } = {},
): Store {
  const store = newStore();
  const handler = loaderInto(store, dropExpiredBefore);
  const reader = new RdbReader(RdbInput.ofBytes(file), handler, { verify });
  reader.begin();
  assertEquals(handler.readUntil(reader, () => false), false);
  return store;
}
