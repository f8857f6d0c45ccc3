/**
 * What a replica says before it gets anything: who it is, what it understands, and where it wants to go on.
 *
 * Each command waits for the answer to the one before. redis-server sends some of them together; nothing is gained by
 * that, and simple primaries lose their place.
 */
import type { PrimarySocket } from "./primary_socket.ts";

/** The directives of the handshake; read anew each time. */
export interface HandshakeSettings {
  readonly masteruser: string;
  readonly masterauth: string;
  readonly port: number;
  readonly tlsPort: number;
  /** The primary, and who else looks for us, speaks TLS. */
  readonly tlsReplication: boolean;
  readonly replicaAnnounceIp: string;
  readonly replicaAnnouncePort: number;
}

/** Where a replica wants to go on: the history, and the next byte of it, counted from 1. */
export interface ResumePoint {
  readonly id: string;
  readonly offset: number;
}

/** What the primary decided. */
export type SyncAnswer =
  | { readonly kind: "full"; readonly id: string; readonly offset: number }
  /** Everything, of a history without a name. */
  | { readonly kind: "nameless" }
  /** `id`: the history's name now, "" where the primary did not say. */
  | { readonly kind: "continue"; readonly id: string }
  /** Not now. */
  | { readonly kind: "later"; readonly why: string }
  | { readonly kind: "refused"; readonly why: string };

/** The handshake failed; the message is for the log. */
export class HandshakeError extends Error {
  override name = "HandshakeError";
}

/** Introduces us. Rejects with HandshakeError or LinkLost. */
export async function introduce(
  socket: PrimarySocket,
  settings: HandshakeSettings,
  log: { notice(message: string): void; warning(message: string): void },
): Promise<void> {
  const pong = await socket.ask("PING");
  // A primary that wants a password, or forbids PING, is alive all the same.
  const isAlive = pong.startsWith("+") || /^-(NOAUTH|NOPERM|ERR operation not permitted)/.test(pong);
  if (!isAlive) throw new HandshakeError(`Error reply to PING from master: '${pong}'`);
  log.notice("Master replied to PING, replication can continue...");
  if (settings.masterauth !== "") {
    const user = settings.masteruser === "" ? [] : [settings.masteruser];
    const answer = await socket.ask("AUTH", ...user, settings.masterauth);
    if (answer.startsWith("-")) throw new HandshakeError(`Unable to AUTH to MASTER: ${answer}`);
  }
  const own = settings.tlsReplication && settings.tlsPort !== 0 ? settings.tlsPort : settings.port;
  const port = settings.replicaAnnouncePort || own;
  // Old primaries do not know all of these; that is no reason to give up.
  await tell(["listening-port", String(port)]);
  if (settings.replicaAnnounceIp !== "") await tell(["ip-address", settings.replicaAnnounceIp]);
  await tell(["capa", "eof", "capa", "psync2"]);

  async function tell(words: readonly string[]): Promise<void> {
    const answer = await socket.ask("REPLCONF", ...words);
    if (answer.startsWith("-")) {
      log.notice(`(Non critical) Master does not understand REPLCONF ${words[0]}: ${answer}`);
    }
  }
}

/** Asks to go on from a point, or for everything (null). `failover`: the primary is to follow us instead. */
export async function askToSync(
  socket: PrimarySocket,
  from: ResumePoint | null,
  failover: boolean,
): Promise<SyncAnswer> {
  const words = from === null ? ["?", "-1"] : [from.id, String(from.offset)];
  const answer = await socket.ask("PSYNC", ...words, ...(failover ? ["FAILOVER"] : []));
  const full = /^\+FULLRESYNC (\S{40}) (\d+)$/.exec(answer);
  if (full !== null) return { kind: "full", id: full[1]!, offset: Number(full[2]) };
  if (answer.startsWith("+FULLRESYNC")) return { kind: "nameless" };
  const goOn = /^\+CONTINUE(?:\s+(\S{40}))?/.exec(answer);
  if (goOn !== null) return { kind: "continue", id: goOn[1] ?? "" };
  if (/^-(NOMASTERLINK|LOADING)/.test(answer)) return { kind: "later", why: answer };
  return { kind: "refused", why: answer };
}
