/**
 * What users were refused, for ACL LOG: an attack, or a program with too few rights, shows there.
 *
 * A program that keeps trying must not push everything else out, so equal refusals within a minute are one entry with a count. Only
 * the newest few are searched for an equal one.
 */

/** Where the refused command stood. */
export type AclContext = "toplevel" | "multi" | "lua" | "module";

/** What was refused; "auth" is a login. */
export type AclReason = "command" | "key" | "channel" | "auth";

/** One entry, or several equal ones. */
export interface AclLogEntry {
  count: number;
  readonly reason: AclReason;
  readonly context: AclContext;
  /** The command, key or channel; for a failed login the command that tried, as it was written. Binary string. */
  readonly object: string;
  readonly username: string;
  /** Unix ms of the last refusal. */
  time: number;
  /** The client of the last refusal, as CLIENT INFO shows it. */
  client: string;
}

/** Entries that lie further apart than this are not joined, milliseconds. */
const JOINED_WITHIN_MS = 60_000;
/** The newest entries that are looked at for an equal one. */
const SEARCHED = 10;

/** The log of one server. */
export class AclLog {
  /** The last refused first. */
  readonly entries: AclLogEntry[] = [];

  /** Adds a refusal; at most `limit` entries are kept. */
  add(entry: AclLogEntry, limit: number): void {
    const at = this.entries.slice(0, SEARCHED).findIndex((other) => isSame(other, entry));
    if (at >= 0) {
      const [known] = this.entries.splice(at, 1) as [AclLogEntry];
      known.count++;
      known.time = entry.time;
      known.client = entry.client;
      this.entries.unshift(known);
      return;
    }
    this.entries.unshift(entry);
    if (this.entries.length > limit) this.entries.length = limit;
  }

  /** ACL LOG RESET. */
  clear(): void {
    this.entries.length = 0;
  }
}

function isSame(a: AclLogEntry, b: AclLogEntry): boolean {
  return a.reason === b.reason && a.context === b.context && Math.abs(a.time - b.time) <= JOINED_WITHIN_MS &&
    a.object === b.object && a.username === b.username;
}
