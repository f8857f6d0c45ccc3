/** The file of a full resync on its way to the replicas: written by a snapshot, read once for each of them, removed. */
import { joinPath, removeLater, writeAll } from "../persistence/disk.ts";
import type { SnapshotSink } from "../persistence/snapshot.ts";
import type { SnapshotFile } from "../replication/full_sync.ts";
import type { RedisServer } from "./server.ts";

const PIECE_BYTES = 256 * 1024;

let sequence = 0;

/** Writes a file with the snapshot that `begin` starts at once. Rejects with what the disk throws. */
export async function writeSyncFile(
  server: RedisServer,
  begin: (sink: SnapshotSink) => Promise<void>,
): Promise<SnapshotFile> {
  const { disk, syncFiles } = server.persistence;
  const path = joinPath(server.config.dir, `temp-repl-${Deno.pid}-${++sequence}.rdb`);
  const file = disk.open(path, "create");
  syncFiles.add(path);
  const remove = (): void => {
    syncFiles.delete(path);
    removeLater(disk, path);
  };
  try {
    // Never synced: it is read back at once, and removed.
    await begin({ write: (piece) => writeAll(file, piece) });
  } catch (error) {
    remove();
    throw error;
  } finally {
    file.close();
  }
  const size = disk.stat(path)!.size;
  return {
    size,
    async read(take): Promise<void> {
      const source = disk.open(path, "read");
      try {
        for (;;) {
          const piece = new Uint8Array(PIECE_BYTES);
          const count = source.readSync(piece);
          if (count === null || !(await take(piece.subarray(0, count)))) return;
        }
      } finally {
        source.close();
      }
    },
    remove,
  };
}
