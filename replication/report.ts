/** What a server tells about its replication: INFO's section and ROLE. Names and order are redis-server's. */
import type { Reply } from "../resp.ts";
import type { Failover } from "./failover.ts";
import { lagSeconds, type Primary } from "./primary.ts";
import type { Replica } from "./replica.ts";
import type { ReplicationStream } from "./stream.ts";
import { fixed } from "../util/fixed.ts";

/** What the reports look at. */
export interface ReplicationView {
  readonly stream: ReplicationStream;
  readonly primary: Primary;
  readonly replica: Replica;
  readonly failover: Failover;
  readonly settings: {
    readonly replicaPriority: number;
    readonly replicaReadOnly: boolean;
    readonly replicaAnnounced: boolean;
    readonly replBacklogSize: number;
    readonly minReplicasToWrite: number;
    readonly minReplicasMaxLag: number;
  };
  /** Monotonic milliseconds. */
  nowMs(): number;
}

/** A line of INFO: name and value. */
export type ReportField = [name: string, value: string | number];

/** What INFO shows as the offset of a replica that has none. */
const NO_OFFSET = 1;

/** The lines of INFO's section, without its title. */
export function replicationFields(view: ReplicationView): ReportField[] {
  const { stream, primary, failover, settings } = view;
  const following = view.replica.primary !== null;
  const { backlog } = stream;
  const lines: ReportField[] = [["role", following ? "slave" : "master"]];
  if (following) lines.push(...replicaFields(view));
  lines.push(["connected_slaves", primary.links.size]);
  if (settings.minReplicasToWrite > 0 && settings.minReplicasMaxLag > 0) {
    lines.push(["min_slaves_good_slaves", primary.goodReplicas]);
  }
  let index = 0;
  for (const link of primary.links) {
    const lag = link.state === "online" ? lagSeconds(link, view.nowMs()) : 0;
    lines.push(
      [
        `slave${index++}`,
        `ip=${link.ip},port=${link.port},state=${link.shownState},offset=${link.acked},lag=${lag}`,
      ],
    );
  }
  lines.push(
    ["master_failover_state", failover.state],
    ["master_replid", stream.id],
    ["master_replid2", stream.id2],
    ["master_repl_offset", stream.offset],
    ["second_repl_offset", stream.secondOffset],
    ["repl_backlog_active", backlog === null ? 0 : 1],
    ["repl_backlog_size", settings.replBacklogSize],
    ["repl_backlog_first_byte_offset", backlog === null ? 0 : backlog.first + 1],
    ["repl_backlog_histlen", backlog === null ? 0 : backlog.length],
  );
  return lines;
}

function replicaFields(view: ReplicationView): ReportField[] {
  const { stream, replica, settings } = view;
  const { host, port } = replica.primary!;
  const now = view.nowMs();
  const up = replica.phase === "connected";
  const offset = up || replica.hasHistory ? stream.offset : NO_OFFSET;
  const lines: ReportField[] = [
    ["master_host", host],
    ["master_port", port],
    ["master_link_status", up ? "up" : "down"],
    ["master_last_io_seconds_ago", up ? Math.floor((now - replica.lastReadMs) / 1000) : -1],
    ["master_sync_in_progress", replica.phase === "sync" ? 1 : 0],
    ["slave_read_repl_offset", offset + replica.unapplied],
    ["slave_repl_offset", offset],
  ];
  if (replica.phase === "sync") {
    const { syncTotalBytes: total, syncReadBytes: read } = replica;
    lines.push(
      ["master_sync_total_bytes", total],
      ["master_sync_read_bytes", read],
      ["master_sync_left_bytes", total - read],
      ["master_sync_perc", fixed(total > 0 ? read / total * 100 : 0, 2)],
      ["master_sync_last_io_seconds_ago", Math.floor((now - replica.lastReadMs) / 1000)],
    );
  }
  if (!up) {
    const since = replica.downSinceMs === 0 ? -1 : Math.floor((now - replica.downSinceMs) / 1000);
    lines.push(["master_link_down_since_seconds", since]);
  }
  lines.push(
    ["slave_priority", settings.replicaPriority],
    ["slave_read_only", settings.replicaReadOnly ? 1 : 0],
    ["replica_announced", settings.replicaAnnounced ? 1 : 0],
  );
  return lines;
}

/** Writes the reply of ROLE. */
export function writeRole(view: ReplicationView, reply: Reply): void {
  const { stream, primary, replica } = view;
  if (replica.primary !== null) {
    reply.array(5);
    reply.bulkText("slave");
    reply.bulkText(replica.primary.host);
    reply.integer(replica.primary.port);
    reply.bulkText(replica.phase);
    reply.integer(replica.phase === "connected" ? stream.offset : -1);
    return;
  }
  const online = [...primary.links].filter((link) => link.state === "online");
  reply.array(3);
  reply.bulkText("master");
  reply.integer(stream.offset);
  reply.array(online.length);
  for (const link of online) {
    reply.array(3);
    reply.bulkText(link.ip);
    reply.bulkInteger(link.port);
    reply.bulkInteger(link.acked);
  }
}
