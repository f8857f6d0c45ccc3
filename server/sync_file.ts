/**
 * The file of a full resync on its way to the replicas: written by a snapshot, read once for each of them, removed. It is
 * a background save as well: the file becomes the server's RDB file, under a second name.
 */
import {
  baseName,
  type Disk,
  type DiskFile,
  inStep,
  joinPath,
  removeLater,
  renameOver,
} from "../persistence/disk.ts";
import { FileSink, saveFailure } from "../persistence/rdb_save.ts";
import { SnapshotAborted, type SnapshotSink } from "../persistence/snapshot.ts";
import type { SnapshotFile } from "../replication/full_sync.ts";
import type { RedisServer } from "./server.ts";

const PIECE_BYTES = 256 * 1024;

let sequence = 0;

/** Writes a file with the snapshot that `begin` starts at once. Rejects with what the disk throws. */
export async function writeSyncFile(
  server: RedisServer,
  begin: (sink: SnapshotSink) => Promise<void>,
): Promise<SnapshotFile> {
  const { config, dispatcher, persistence, log } = server;
  const { disk, syncFiles, flushes } = persistence;
  const { dirty } = dispatcher.ctx;
  persistence.saves++;
  const path = joinPath(config.dir, `temp-repl-${Deno.pid}-${++sequence}.rdb`);
  let file: DiskFile | null = null;
  syncFiles.add(path);
  const remove = (): void => {
    syncFiles.delete(path);
    removeLater(disk, path);
  };
  try {
    file = inStep("open", () => disk.open(path, "create"));
    await begin(new FileSink(file, config.rdbSaveIncrementalFsync));
    if (flushes === persistence.flushes) {
      // A file of an earlier resync would be replaced, and then removed.
      if (isUnwanted(server)) discardOld(server);
      else inStep("rename", () => keep(disk, path, config.dir, config.dbfilename));
      persistence.savedBeside(dirty);
      log.notice("DB saved on disk");
    }
  } catch (error) {
    remove();
    if (!(error instanceof SnapshotAborted)) {
      log.warning(saveFailure(error, baseName(path), config.dbfilename, config.dir));
      persistence.lastBgsaveOk = false;
      persistence.judgeWrites();
    }
    throw error;
  } finally {
    file?.close();
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

/** rdb-del-sync-files: nothing is to stay on the disk where nothing else is kept there. */
function isUnwanted({ config }: RedisServer): boolean {
  return config.rdbDelSyncFiles && !config.appendonly && config.save.length === 0;
}

/** Gives the file a second name, in the place of the RDB file. */
function keep(disk: Disk, path: string, directory: string, name: string): void {
  const second = `${path}.kept`;
  disk.link(path, second);
  renameOver(disk, second, joinPath(directory, name), `${path}.old`);
  disk.syncDirectory(directory);
}

/** Removes the RDB file that an earlier save or resync has left. */
function discardOld({ config, persistence: { disk }, log }: RedisServer): void {
  log.notice("Removing the RDB file used to feed replicas in a persistence-less instance");
  removeLater(disk, joinPath(config.dir, config.dbfilename));
}
