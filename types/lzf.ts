/**
 * LZF, the compression of RDB strings and of the inner nodes of lists (`list-compress-depth`).
 *
 * The compressed form is a sequence of instructions, each beginning with a control byte:
 *
 *     000LLLLL                     L + 1 literal bytes follow
 *     LLLooooo oooooooo            copy L + 2 bytes from o + 1 bytes back (L = 1..6)
 *     111ooooo LLLLLLLL oooooooo   the same with L + 9 bytes
 *
 * Any sequence that obeys this is valid, so the choice of matches is ours: the latest earlier place with the same
 * three bytes, found through a table of hashes, taken greedily.
 */

const HASH_BITS = 14;
const MAX_LITERALS = 32;
const MAX_DISTANCE = 8192;
const MAX_MATCH = 264;

/**
 * Where three bytes with this hash were last seen, as `base + position`. Inputs are numbered on by `base`, so that
 * what earlier calls left behind is recognised as too small instead of being cleared (most inputs are far smaller
 * than the table).
 */
const seen = new Uint32Array(1 << HASH_BITS);
let base = 1;

/**
 * Compresses `from[start, end)` into `to[at, limit)`; the two must be different buffers.
 *
 * @returns the number of bytes written, or 0 when the result would not fit below `limit`.
 */
export function lzfCompress(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): number {
  if (base + (end - start) > 0xffffffff) {
    seen.fill(0);
    base = 1;
  }
  const shift = base - start;
  const lastMatch = end - 3;
  let out = at, literals = start, p = start;
  while (p <= lastMatch) {
    const three = (from[p]! << 16) | (from[p + 1]! << 8) | from[p + 2]!;
    const slot = Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = seen[slot]! - shift;
    seen[slot] = p + shift;
    if (
      candidate < start || p - candidate > MAX_DISTANCE || from[candidate] !== from[p] ||
      from[candidate + 1] !== from[p + 1] || from[candidate + 2] !== from[p + 2]
    ) {
      p++;
      continue;
    }
    const length = matchLength(from, candidate, p, end);
    out = writeLiterals(from, literals, p, to, out, limit);
    if (out < 0 || out + 3 > limit) return finish(end - start, 0);
    out = writeMatch(length, p - candidate - 1, to, out);
    p += length;
    literals = p;
  }
  out = writeLiterals(from, literals, end, to, out, limit);
  return finish(end - start, out < 0 ? 0 : out - at);
}

/** Numbers the next input on from this one. */
function finish(consumed: number, result: number): number {
  base += consumed;
  return result;
}

function matchLength(from: Uint8Array, candidate: number, p: number, end: number): number {
  const most = end - p < MAX_MATCH ? end - p : MAX_MATCH;
  let length = 3;
  while (length < most && from[candidate + length] === from[p + length]) length++;
  return length;
}

/** Writes `from[start, end)` as literal runs. Returns the new end of the output, or -1 when it does not fit. */
function writeLiterals(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  out: number,
  limit: number,
): number {
  while (start < end) {
    const run = end - start < MAX_LITERALS ? end - start : MAX_LITERALS;
    if (out + 1 + run > limit) return -1;
    to[out++] = run - 1;
    for (let i = 0; i < run; i++) to[out++] = from[start++]!;
  }
  return out;
}

function writeMatch(length: number, distance: number, to: Uint8Array, out: number): number {
  const code = length - 2;
  if (code < 7) {
    to[out++] = (code << 5) | (distance >> 8);
  } else {
    to[out++] = 0xe0 | (distance >> 8);
    to[out++] = code - 7;
  }
  to[out++] = distance;
  return out;
}

/**
 * Decompresses `from[start, end)` so that it fills `to[at, limit)` exactly; the two must be different buffers.
 *
 * @returns false when the input is no valid LZF of that length. Then part of the output may have been written, but
 *   nothing was read or written outside of the two spans.
 */
export function lzfDecompress(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): boolean {
  let p = start, out = at;
  while (p < end) {
    const control = from[p++]!;
    if (control < 32) {
      const run = control + 1;
      if (p + run > end || out + run > limit) return false;
      for (let i = 0; i < run; i++) to[out++] = from[p++]!;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) {
      if (p >= end) return false;
      length += from[p++]!;
    }
    if (p >= end) return false;
    let source = out - 1 - (((control & 31) << 8) | from[p++]!);
    if (source < at || out + length > limit) return false;
    // Byte by byte: a match may overlap what it produces.
    for (let i = 0; i < length; i++) to[out++] = to[source++]!;
  }
  return out === limit;
}
