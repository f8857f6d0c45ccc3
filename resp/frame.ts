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

/**
 * Whether the frame's bytes are those that anybody would send for these arguments, so that they can be passed on as they
 * are. Lengths with a sign or leading zeros, where a parser takes them, are longer than they have to be: so is the frame.
 */
export function isPlain(frame: RequestFrame): boolean {
  const { count, starts, ends } = frame;
  let length = digitsOf(count) + 3;
  for (let i = 0; i < count; i++) {
    const bytes = ends[i]! - starts[i]!;
    length += digitsOf(bytes) + bytes + 5;
  }
  return length === frame.frameEnd - frame.frameStart;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (; value > 9; value = Math.trunc(value / 10)) digits++;
  return digits;
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
