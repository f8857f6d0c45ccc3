/**
 * Receiving the file of a full resync: of a declared length, or up to a mark of 40 bytes that the primary names first
 * (a primary that writes straight to the socket does not know the length beforehand).
 */
import { fromLatin1 } from "../types/bytes.ts";
import { LinkLost, type PrimarySocket } from "./primary_socket.ts";

const PIECE_BYTES = 128 * 1024;
const MARK_BYTES = 40;

/** Takes the file as it comes; each piece is valid until the promise is fulfilled. */
export interface SyncSpool {
  write(piece: Uint8Array): Promise<void>;
}

/** How the file comes: its length, or the mark behind it. */
export type PayloadForm = { readonly length: number } | { readonly mark: Uint8Array };

/** The line before the file. Rejects with LinkLost where it is none. */
export async function payloadForm(socket: PrimarySocket): Promise<PayloadForm> {
  const line = await socket.nextLine();
  if (line.startsWith("$EOF:") && line.length === 5 + MARK_BYTES) return { mark: fromLatin1(line.slice(5)) };
  if (/^\$\d{1,15}$/.test(line)) return { length: Number(line.slice(1)) };
  if (line.startsWith("-")) throw new LinkLost(`MASTER aborted replication with an error: ${line.slice(1)}`);
  throw new LinkLost(
    `Bad protocol from MASTER, the first byte is not '$' (we received '${
      line.slice(0, 64)
    }'), are you sure the host ` +
      "and port are right?",
  );
}

/** Moves the file from the socket to the spool. `progress` hears of each piece. Rejects with LinkLost. */
export async function receivePayload(
  socket: PrimarySocket,
  form: PayloadForm,
  spool: SyncSpool,
  progress: (bytes: number) => void,
): Promise<void> {
  if ("mark" in form) await receiveMarked(socket, form.mark, spool, progress);
  else await receiveCounted(socket, form.length, spool, progress);
}

async function receiveCounted(
  socket: PrimarySocket,
  length: number,
  spool: SyncSpool,
  progress: (bytes: number) => void,
): Promise<void> {
  const piece = new Uint8Array(Math.max(1, Math.min(length, PIECE_BYTES)));
  for (let left = length; left > 0;) {
    const count = await socket.read(piece.subarray(0, Math.min(left, piece.length)));
    if (count === null) throw new LinkLost("I/O error trying to sync with MASTER: connection lost");
    await spool.write(piece.subarray(0, count));
    left -= count;
    progress(count);
  }
}

/** The last bytes read may be the beginning of the mark: they are kept back until more is known. */
async function receiveMarked(
  socket: PrimarySocket,
  mark: Uint8Array,
  spool: SyncSpool,
  progress: (bytes: number) => void,
): Promise<void> {
  const buf = new Uint8Array(PIECE_BYTES + MARK_BYTES);
  let kept = 0;
  for (;;) {
    const count = await socket.read(buf.subarray(kept));
    if (count === null) throw new LinkLost("I/O error trying to sync with MASTER: connection lost");
    progress(count);
    const end = kept + count;
    const at = indexOfMark(buf, end, mark);
    if (at >= 0) {
      await spool.write(buf.subarray(0, at));
      socket.unread(buf.slice(at + MARK_BYTES, end));
      return;
    }
    kept = Math.min(end, MARK_BYTES - 1);
    await spool.write(buf.subarray(0, end - kept));
    buf.copyWithin(0, end - kept, end);
  }
}

function indexOfMark(buf: Uint8Array, end: number, mark: Uint8Array): number {
  for (
    let at = buf.indexOf(mark[0]!);
    at >= 0 && at + MARK_BYTES <= end;
    at = buf.indexOf(mark[0]!, at + 1)
  ) {
    let i = 1;
    while (i < MARK_BYTES && buf[at + i] === mark[i]) i++;
    if (i === MARK_BYTES) return at;
  }
  return -1;
}
