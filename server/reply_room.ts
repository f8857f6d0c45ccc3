/**
 * How large redis-server would keep a client's fixed reply buffer: it begins at 16 KB, is halved or fitted to what was
 * needed of late, and doubles again when it was filled. CLIENT LIST (rbs, rbp) and INFO report it, and people tune by it.
 * The buffers that really hold the replies (server/connection.ts) grow at need and follow the same peak.
 */

/** The fixed buffer at its largest; what is pending above it is the list that client-output-buffer-limit speaks of. */
export const FIXED_OUTPUT_BYTES = 16 * 1024;
/** And at its smallest. */
export const LEAST_OUTPUT_BYTES = 1024;

/** The settings of DEBUG REPLYBUFFER. */
export interface ReplyRoomSettings {
  resizing: boolean;
  /** Milliseconds after which a peak is forgotten; Infinity: never. */
  peakResetMs: number;
}

/** The figures of one client. */
export class ReplyRoom {
  /** Size of the buffer, bytes. */
  size = FIXED_OUTPUT_BYTES;
  #peak = FIXED_OUTPUT_BYTES;
  #needed = FIXED_OUTPUT_BYTES;
  /** Unix ms. The first look by the clock forgets that a new buffer counts as full. */
  #peakSinceMs = 0;

  /** Most bytes that stood in it since the peak was last forgotten. */
  get peak(): number {
    return this.#peak;
  }

  /** Most bytes that were pending at once in that time, what would not have fitted included. */
  get needed(): number {
    return this.#needed;
  }

  /** So many bytes are pending. */
  note(pending: number): void {
    if (pending <= this.#peak) return;
    this.#peak = Math.min(pending, this.size);
    if (pending > this.#needed) this.#needed = pending;
  }

  /** By the clock: fits the size to the peak. Gives what happened to the size: -1, 0 or 1. */
  fit(nowMs: number, pending: number, settings: ReplyRoomSettings): -1 | 0 | 1 {
    if (!settings.resizing) return 0;
    const before = this.size;
    const peak = this.#peak;
    if (before / 2 > LEAST_OUTPUT_BYTES && peak < before / 2) {
      this.size = Math.max(LEAST_OUTPUT_BYTES, peak + 1);
    } else if (before < FIXED_OUTPUT_BYTES && peak === before) {
      this.size = Math.min(FIXED_OUTPUT_BYTES, before * 2);
    }
    if (nowMs - this.#peakSinceMs > settings.peakResetMs) {
      this.#peakSinceMs = nowMs;
      this.#peak = this.#needed = pending;
    }
    return this.size < before ? -1 : this.size > before ? 1 : 0;
  }
}
