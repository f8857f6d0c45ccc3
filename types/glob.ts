/**
 * Glob matching on byte spans, with the meaning KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET give it.
 *
 * Every element of a pattern other than `*` takes exactly one byte of the subject. So the leftmost place
 * where the elements after a `*` fit is always good enough, and a mismatch only has to go back to the last
 * `*`: one pair of saved positions replaces the recursion, and a hostile pattern costs at most
 * pattern x subject steps instead of an exponential number.
 *
 * The odd corners are kept because clients can see them: a class that is never closed ends with the
 * pattern, a reversed range is turned around, a trailing backslash stands for itself, and an empty subject
 * matches only the empty pattern (KEYS and SCAN special-case the pattern `*` before they come here).
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** Where the element matched last by `matchOne` ended; module state instead of a pair per byte. */
let elementEnd = 0;

/**
 * Whether the span `[ss, se)` of `s` matches the glob `[ps, pe)` of `p`.
 * @param nocase compare ASCII letters without regard to case (CONFIG GET, COMMAND LIST FILTERBY PATTERN)
 */
export function globMatch(
  p: Uint8Array,
  ps: number,
  pe: number,
  s: Uint8Array,
  ss: number,
  se: number,
  nocase = false,
): boolean {
  if (ss >= se) return ps >= pe;
  let retryPattern = -1;
  let retrySubject = 0;
  while (ss < se) {
    if (ps < pe && p[ps]! === STAR) {
      do ps++; while (ps < pe && p[ps]! === STAR);
      if (ps === pe) return true;
      retryPattern = ps;
      retrySubject = ss;
    } else if (ps < pe && matchOne(p, ps, pe, s[ss]!, nocase)) {
      ps = elementEnd;
      ss++;
    } else {
      if (retryPattern < 0) return false;
      ps = retryPattern;
      ss = ++retrySubject;
    }
  }
  while (ps < pe && p[ps]! === STAR) ps++;
  return ps === pe;
}

/** Whether the pattern has no character with a special meaning, so that it can only match itself. */
export function globIsLiteral(p: Uint8Array, ps: number, pe: number): boolean {
  for (let i = ps; i < pe; i++) {
    const c = p[i]!;
    if (c === STAR || c === QUESTION || c === OPEN || c === BACKSLASH) return false;
  }
  return true;
}

/** One element other than `*` against one byte; leaves the element's end in `elementEnd`. */
function matchOne(p: Uint8Array, ps: number, pe: number, byte: number, nocase: boolean): boolean {
  let c = p[ps]!;
  if (c === QUESTION) {
    elementEnd = ps + 1;
    return true;
  }
  if (c === OPEN) return matchClass(p, ps + 1, pe, byte, nocase);
  if (c === BACKSLASH && ps + 1 < pe) c = p[++ps]!;
  elementEnd = ps + 1;
  return c === byte || (nocase && lower(c) === lower(byte));
}

/** A class, from the byte after its `[`. Leaves the position after its `]` (or the end) in `elementEnd`. */
function matchClass(p: Uint8Array, ps: number, pe: number, byte: number, nocase: boolean): boolean {
  const not = ps < pe && p[ps]! === CARET;
  if (not) ps++;
  let match = false;
  while (ps < pe) {
    const c = p[ps]!;
    if (c === BACKSLASH && ps + 1 < pe) {
      // An escaped byte is compared as it is, even where case does not matter.
      if (p[ps + 1]! === byte) match = true;
      ps += 2;
    } else if (c === CLOSE) {
      elementEnd = ps + 1;
      return match !== not;
    } else if (ps + 2 < pe && p[ps + 1]! === DASH) {
      if (inRange(c, p[ps + 2]!, byte, nocase)) match = true;
      ps += 3;
    } else {
      if (c === byte || (nocase && lower(c) === lower(byte))) match = true;
      ps++;
    }
  }
  elementEnd = pe;
  return match !== not;
}

/** Bytes in a range compare as signed chars do on x86: 0x80..0xff come before 0x00. */
function inRange(from: number, to: number, byte: number, nocase: boolean): boolean {
  let low = (from << 24) >> 24;
  let high = (to << 24) >> 24;
  let c = (byte << 24) >> 24;
  if (low > high) {
    const swap = low;
    low = high;
    high = swap;
  }
  if (nocase) {
    low = lower(low);
    high = lower(high);
    c = lower(c);
  }
  return c >= low && c <= high;
}

function lower(c: number): number {
  return c >= 0x41 && c <= 0x5a ? c + 32 : c;
}
