/** INFO persistence: what is on disk, what is on its way there, what is being read from there. */

import type { Persistence } from "./persistence.ts";
import type { Field } from "./info.ts";
import type { RedisServer } from "./server.ts";
import { fixed } from "../util/fixed.ts";

/** The fields of the section. A snapshot is written by the server itself: there is no child, nothing is copied. */
export function persistenceSection(server: RedisServer): Field[] {
  const { persistence } = server;
  const { aof, snapshots: { running } } = persistence;
  const rdb = running === "rdb" || running === "replication";
  const rewriting = running === "aof";
  const done = persistence.snapshots.total === 0
    ? 0
    : persistence.snapshots.saved * 100 / persistence.snapshots.total;
  return [
    ["loading", persistence.loading !== null && !server.asyncLoading ? 1 : 0],
    ["async_loading", server.asyncLoading ? 1 : 0],
    ["current_cow_peak", 0],
    ["current_cow_size", 0],
    ["current_cow_size_age", 0],
    ["current_fork_perc", fixed(done, 2)],
    ["current_save_keys_processed", persistence.snapshots.saved],
    ["current_save_keys_total", persistence.snapshots.total],
    ["rdb_changes_since_last_save", persistence.changes],
    ["rdb_bgsave_in_progress", rdb ? 1 : 0],
    ["rdb_last_save_time", persistence.lastSaveSeconds],
    ["rdb_last_bgsave_status", persistence.lastBgsaveOk ? "ok" : "err"],
    ["rdb_last_bgsave_time_sec", persistence.lastBgsaveSeconds],
    ["rdb_current_bgsave_time_sec", rdb ? persistence.snapshots.seconds : -1],
    ["rdb_saves", persistence.saves],
    ["rdb_last_cow_size", 0],
    ["rdb_last_load_keys_expired", persistence.lastLoadKeysExpired],
    ["rdb_last_load_keys_loaded", persistence.lastLoadKeysLoaded],
    ["aof_enabled", aof.state === "off" ? 0 : 1],
    ["aof_rewrite_in_progress", rewriting ? 1 : 0],
    ["aof_rewrite_scheduled", persistence.rewrites.scheduled ? 1 : 0],
    ["aof_last_rewrite_time_sec", persistence.rewrites.lastSeconds],
    ["aof_current_rewrite_time_sec", rewriting ? persistence.snapshots.seconds : -1],
    ["aof_last_bgrewrite_status", persistence.rewrites.lastOk ? "ok" : "err"],
    ["aof_rewrites", persistence.rewrites.count],
    ["aof_rewrites_consecutive_failures", persistence.rewrites.failuresInRow],
    ["aof_last_write_status", aof.writeFailed ? "err" : "ok"],
    ["aof_last_cow_size", 0],
    ["module_fork_in_progress", 0],
    ["module_fork_last_cow_size", 0],
    ...appendOnlyFields(persistence),
    ...loadingFields(server),
  ];
}

function appendOnlyFields({ aof, rewrites }: Persistence): Field[] {
  if (aof.state === "off") return [];
  return [
    ["aof_current_size", aof.size],
    ["aof_base_size", aof.rewriteBaseBytes],
    ["aof_pending_rewrite", rewrites.scheduled ? 1 : 0],
    ["aof_buffer_length", aof.writer?.pending ?? 0],
    ["aof_pending_bio_fsync", aof.writer?.syncing === true ? 1 : 0],
    ["aof_delayed_fsync", aof.writer?.delayedSyncs ?? 0],
  ];
}

function loadingFields({ persistence, clock }: RedisServer): Field[] {
  const { loading } = persistence;
  if (loading === null) return [];
  const { totalBytes, loadedBytes } = loading;
  const elapsed = Math.floor(clock.wallMs() / 1000) - loading.startedSeconds;
  const share = totalBytes === 0 ? 0 : loadedBytes / totalBytes;
  const left = elapsed === 0 || share === 0 ? 1 : Math.floor(elapsed * (1 - share) / share);
  return [
    ["loading_start_time", loading.startedSeconds],
    ["loading_total_bytes", totalBytes],
    ["loading_rdb_used_mem", loading.usedMemory],
    ["loading_loaded_bytes", loadedBytes],
    ["loading_loaded_perc", fixed(share * 100, 2)],
    ["loading_eta_seconds", left],
  ];
}
