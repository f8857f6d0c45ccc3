/** Snapshots of a store in memory, with somebody who changes it between the slices. */
import { assertEquals } from "@std/assert";
import { RdbEncoder } from "../../persistence/rdb_save.ts";
import { Snapshot, type SnapshotEncoder, type SnapshotPace } from "../../persistence/snapshot.ts";
import type { Store } from "../../store.ts";
import { concat } from "./resp.ts";

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
