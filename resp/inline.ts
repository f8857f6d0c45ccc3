/** Inline requests: a line of words with redis-cli's quoting, for people with telnet and for tests. */

import { latin1, writeLatin1 } from "../types/bytes.ts";
import { splitWords } from "../types/quoting.ts";
import { growFrame, type RequestFrame } from "./frame.ts";

/** Splits the line `buf[start, end)` into the arguments of `frame`, which get a buffer of their own. False where quotes are not balanced. */
export function splitInline(buf: Uint8Array, start: number, end: number, frame: RequestFrame): boolean {
  const words = splitWords(latin1(buf, start, end));
  if (words === undefined) return false;
  const out = new Uint8Array(end - start);
  let at = 0;
  while (frame.starts.length < words.length) growFrame(frame);
  for (const [i, word] of words.entries()) {
    frame.starts[i] = at;
    at = writeLatin1(word, out, at);
    frame.ends[i] = at;
  }
  frame.buf = out;
  frame.count = words.length;
  frame.frameStart = 0;
  frame.frameEnd = 0;
  return true;
}
