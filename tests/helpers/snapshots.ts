/** Snapshots of a store in memory, with somebody who changes it between the slices. */
import { assertEquals, assertRejects } from "@std/assert";
import { RdbEncoder } from "../../persistence/rdb_save.ts";
import {
  Snapshot,
  SnapshotAborted,
  type SnapshotEncoder,
  type SnapshotPace,
} from "../../persistence/snapshot.ts";
import type { Database, Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import type { StoredObject } from "../../types/kind.ts";
import { concat } from "./resp.ts";
import type { SeededRandom } from "./seeded.ts";

/** Snapshots as RDB files. */
export function rdbEncoder(): SnapshotEncoder {
  return new RdbEncoder({
    compress: true,
    checksum: true,
    createdSeconds: 0,
    usedMemory: 0,
    aofBase: false,
    replication: null,
    access: "none",
    functions: [],
  });
}

/** Each look at the clock ends a slice, so that every step of a value is one. */
export function pace(between: () => void): SnapshotPace {
  let now = 0;
  const pause = () => Promise.resolve(between());
  return { monotonicMs: () => ++now, pause, sliceMs: () => 0, keyDelayMs: 0 };
}

/** Writes a snapshot of a store and gives back the file; `between` runs at the cut and between the slices. */
export async function written(
  store: Store,
  encoder: SnapshotEncoder,
  between: () => void,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const sink = { write: (piece: Uint8Array) => Promise.resolve(void pieces.push(piece.slice())) };
  const snapshot = new Snapshot(store, encoder, sink, pace(between));
  between();
  await snapshot.run();
  assertEquals(snapshot.saved, snapshot.total);
  return concat(pieces);
}

/** As {@link written}, as an RDB file, with a change in every so many pauses. */
export function writtenAmid(store: Store, often: number, change: () => void): Promise<Uint8Array> {
  let pauses = 0;
  return written(store, rdbEncoder(), () => {
    if (pauses++ % often === 0) change();
  });
}

/** Begins a snapshot and gives it up in the middle, with changes before and after. */
export async function giveUp(store: Store, change: () => void): Promise<void> {
  let pauses = 0;
  const between = () => {
    for (let i = 0; i < 5; i++) change();
    if (++pauses === 20) snapshot.abort("enough");
  };
  const sink = { write: () => Promise.resolve() };
  const snapshot: Snapshot = new Snapshot(store, rdbEncoder(), sink, pace(between));
  await assertRejects(() => snapshot.run(), SnapshotAborted);
}

/** Keys whose values, all of them objects, are changed while they are written. */
export interface Changing {
  readonly keys: readonly string[];
  /** Six in so many changes hit the key, or a whole database. */
  readonly rarity: number;
  /** Makes a value where the key is missing. */
  create(db: Database, key: Uint8Array, random: SeededRandom): void;
  /** Changes the value of a record. `choice` is a random number from 6 up to, not including, `rarity`: those before are taken. */
  change(db: Database, key: Uint8Array, addr: number, choice: number, random: SeededRandom): void;
}

/** One change, as a command would make it, in one of the first two databases. */
export function changeOne(
  store: Store,
  { keys, rarity, create, change }: Changing,
  random: SeededRandom,
): void {
  const db = store.databases[random.below(2)]!;
  const key = fromLatin1(keys[random.below(keys.length)]!);
  const addr = db.lookupWrite(key, 0, key.length);
  if (addr === 0) return random.below(3) === 0 ? create(db, key, random) : undefined;
  const choice = random.below(rarity);
  switch (choice) {
    case 0:
      return void db.delete(key, 0, key.length);
    case 1: {
      const to = fromLatin1(keys[random.below(keys.length)]!);
      return to.join() === key.join() ? undefined : void db.rename(addr, db, to, 0, to.length);
    }
    case 2:
      return void (random.below(4) === 0 && db.flush(random.below(2) === 0));
    case 3:
      return void (random.below(2) === 0 && store.swap(0, 1));
    case 4: { // to another database, as MOVE does
      const other = store.databases[1 - db.index]!;
      if (other.find(key, 0, key.length) !== 0) return;
      const copy = db.object<StoredObject>(addr).cloneInto(other.arena);
      return void db.rename(addr, other, key, 0, key.length, copy);
    }
    case 5:
      return void store.releaseSome(100);
    default:
      change(db, key, addr, choice, random);
  }
}
