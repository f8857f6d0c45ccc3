/** A store outside of a server, and the settings under which values are made. */
import { Store } from "../../store.ts";
import type { QuicklistOptions } from "../../types/quicklist_node.ts";
import { seededRandom } from "./seeded.ts";

/** The defaults of the directives that decide between a type's forms. */
export const LIMITS = {
  hashMaxListpackEntries: 512,
  hashMaxListpackValue: 64,
  setMaxIntsetEntries: 512,
  zsetMaxListpackEntries: 128,
  zsetMaxListpackValue: 64,
};

/** How lists are made by default. */
export const LISTS: QuicklistOptions = { fill: -2, compressDepth: 0, packedThreshold: 1 << 30 };

/** An empty store whose time stands at `nowMs`. */
export function newStore(nowMs = 1_700_000_000_000): Store {
  return new Store(16, () => nowMs, seededRandom(1).next);
}
