/** One request's arguments as both parsers (RESP arrays and inline lines) hand them over. */

/** The arguments of one request, as spans of a buffer. Reused from frame to frame. */
export interface RequestFrame {
  buf: Uint8Array;
  count: number;
  starts: Int32Array;
  ends: Int32Array;
  /** The whole frame in `buf` where it is a RESP array, else frameEnd is 0 (inline request). */
  frameStart: number;
  frameEnd: number;
}

/** Doubles the room for spans. */
export function growFrame(frame: RequestFrame): void {
  const starts = new Int32Array(frame.starts.length * 2);
  const ends = new Int32Array(frame.starts.length * 2);
  starts.set(frame.starts);
  ends.set(frame.ends);
  frame.starts = starts;
  frame.ends = ends;
}
