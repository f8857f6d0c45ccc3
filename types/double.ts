/**
 * Floating point numbers as text, both ways, exactly as a C server with `strtod` and `printf` reads and
 * prints them.
 *
 * Scores are doubles printed with "%.17g". JavaScript can produce the same 17 digits, except that it rounds
 * an exact tie up where C rounds to even, and lays the digits out differently. The increment commands
 * (INCRBYFLOAT, HINCRBYFLOAT) live in long_double.ts; the scanner for the syntax is here and serves both.
 */

/** What `scanFloat` found. */
export const FLOAT_NONE = 0;
export const FLOAT_DECIMAL = 1;
export const FLOAT_HEX = 2;
export const FLOAT_INFINITY = 3;
export const FLOAT_NAN = 4;

/**
 * The result of the last `scanFloat`: one shared record, so that parsing a score allocates nothing.
 * `digits` is the span of the digits with their point, `exponent` the number after `e` or `p` (clamped).
 */
export const scanned = {
  kind: FLOAT_NONE,
  negative: false,
  digitsStart: 0,
  digitsEnd: 0,
  exponent: 0,
  end: 0,
};

/** Exponents in text are clamped to this magnitude: far outside every range, far inside exact integers. */
const EXPONENT_CLAMP = 1_000_000;

/**
 * Reads the longest prefix of `[start, end)` that `strtod` would take (no leading space) into `scanned`:
 * decimal and hexadecimal numbers, "inf", "infinity", "nan" and "nan(letters)", in any case, with a sign.
 */
export function scanFloat(buf: Uint8Array, start: number, end: number): void {
  scanned.kind = FLOAT_NONE;
  scanned.end = start;
  let i = start;
  scanned.negative = i < end && buf[i]! === 0x2d;
  if (i < end && (buf[i]! === 0x2d || buf[i]! === 0x2b)) i++;
  if (i >= end) return;
  const c = buf[i]! | 0x20;
  if (c === 0x69 || c === 0x6e) {
    scanWord(buf, i, end);
  } else if (
    buf[i]! === 0x30 && i + 1 < end && (buf[i + 1]! | 0x20) === 0x78 && hexFollows(buf, i + 2, end)
  ) {
    scanDigits(buf, i + 2, end, true);
  } else {
    scanDigits(buf, i, end, false);
  }
}

/**
 * A score, an increment, a coordinate: the whole span must be a number within the range of doubles.
 * @returns NaN where Redis answers "value is not a valid float": junk, surrounding spaces, "nan", a value
 * that overflows ("1e400") or vanishes ("1e-400"). Infinities are accepted.
 */
export function parseDouble(buf: Uint8Array, start: number, end: number): number {
  const quick = parsePlain(buf, start, end);
  if (quick === quick) return quick;
  scanFloat(buf, start, end);
  if (scanned.end !== end || scanned.kind === FLOAT_NONE || scanned.kind === FLOAT_NAN) return NaN;
  if (scanned.kind === FLOAT_INFINITY) return scanned.negative ? -Infinity : Infinity;
  const value = scannedDouble(buf);
  if (value === Infinity || value === -Infinity) return NaN;
  if (value === 0 && hasNonZeroDigit(buf)) return NaN;
  return value;
}

/**
 * A bound of a score range (ZRANGEBYSCORE, ZCOUNT), without its "(". It is read more leniently than a score:
 * as a C string (up to a zero byte), with leading white space, overflowing to infinity and vanishing to
 * zero; nothing at all is 0.
 * @returns NaN where Redis answers "min or max is not a float"
 */
export function parseRangeDouble(buf: Uint8Array, start: number, end: number): number {
  scanned.kind = FLOAT_NONE;
  const quick = parsePlain(buf, start, end);
  if (quick === quick) return quick;
  const zero = buf.subarray(start, end).indexOf(0);
  if (zero >= 0) end = start + zero;
  if (start === end) return 0;
  let i = start;
  while (i < end && isSpace(buf[i]!)) i++;
  scanFloat(buf, i, end);
  if (scanned.end !== end || scanned.kind === FLOAT_NONE || scanned.kind === FLOAT_NAN) return NaN;
  if (scanned.kind === FLOAT_INFINITY) return scanned.negative ? -Infinity : Infinity;
  return scannedDouble(buf);
}

/**
 * A weight of SORT: syntax as for `parseRangeDouble`, but the value must be in the range of doubles, and below the
 * normal ones (2.2e-308) it must be exact.
 * @returns NaN where Redis answers that a score can't be converted
 */
export function parseWeight(buf: Uint8Array, start: number, end: number): number {
  const value = parseRangeDouble(buf, start, end);
  if (scanned.kind !== FLOAT_DECIMAL && scanned.kind !== FLOAT_HEX) return value;
  if (value === Infinity || value === -Infinity) return NaN;
  if (Math.abs(value) >= LEAST_NORMAL || !hasNonZeroDigit(buf)) return value;
  return scanned.kind === FLOAT_HEX && isExactHex(buf) ? value : NaN;
}

const LEAST_NORMAL = 2.2250738585072014e-308;

/**
 * A double as Redis prints scores, "%.17g": 17 significant digits without trailing zeros, an exponent of
 * at least two digits below 1e-4 and from 1e17; "inf", "-inf" and "-0".
 */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 && 1 / value < 0 ? "-0" : String(value);
  if (!Number.isFinite(value)) return value > 0 ? "inf" : value < 0 ? "-inf" : "nan";
  const magnitude = Math.abs(value);
  const text = magnitude.toExponential(16);
  const mark = text.indexOf("e", 18);
  const digits = evenTie(magnitude) ?? text.charAt(0) + text.slice(2, mark);
  const sign = value < 0 ? "-" : "";
  return sign + layOut(digits, Number(text.slice(mark + 1)));
}

/** Significant digits and a decimal exponent in the layout of "%g" with precision 17. */
function layOut(digits: string, exponent: number): string {
  let length = digits.length;
  while (length > 1 && digits.charCodeAt(length - 1) === 0x30) length--;
  if (exponent < -4 || exponent >= 17) {
    const power = Math.abs(exponent);
    const fraction = length > 1 ? "." + digits.slice(1, length) : "";
    return digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") + power;
  }
  if (exponent < 0) return "0." + "0".repeat(-exponent - 1) + digits.slice(0, length);
  const whole = digits.slice(0, exponent + 1);
  return length > exponent + 1 ? whole + "." + digits.slice(exponent + 1, length) : whole;
}

/**
 * The 17 digits of a value that lies exactly between two of them, when the even one is the lower (the one
 * case where C and JavaScript differ). A tie has 18 significant digits, so at most 25 binary places: the
 * product below is an integer for all of them and for few other numbers.
 */
function evenTie(magnitude: number): string | undefined {
  if (magnitude >= 9007199254740992 || !Number.isInteger(magnitude * 33554432)) return undefined;
  const exact = magnitude.toExponential(50);
  if (exact.charCodeAt(18) !== 0x35 || (exact.charCodeAt(17) & 1) !== 0) return undefined;
  if (!/^0+e/.test(exact.slice(19))) return undefined;
  return exact.charAt(0) + exact.slice(2, 18);
}

/**
 * The common case: a sign, at most 15 digits and a point. Both the digits and the power of ten are exact
 * doubles, so that one division rounds correctly. NaN: take the long way.
 */
function parsePlain(buf: Uint8Array, start: number, end: number): number {
  let i = start;
  const negative = i < end && buf[i]! === 0x2d;
  if (negative) i++;
  const first = i;
  let point = -1;
  let n = 0;
  for (; i < end; i++) {
    const digit = buf[i]! - 0x30;
    if (digit >= 0 && digit <= 9) n = n * 10 + digit;
    else if (digit === -2 && point < 0) point = i;
    else return NaN;
  }
  const digits = end - first - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > 15) return NaN;
  if (point >= 0) n /= POWERS_OF_TEN[end - point - 1]!;
  return negative ? -n : n;
}

const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** The number in `scanned` (decimal or hexadecimal), correctly rounded to a double. */
function scannedDouble(buf: Uint8Array): number {
  if (scanned.kind === FLOAT_HEX) return scannedHexDouble(buf);
  let text = scanned.negative ? "-" : "";
  for (let i = scanned.digitsStart; i < scanned.digitsEnd; i++) text += String.fromCharCode(buf[i]!);
  return Number(text + "e" + scanned.exponent);
}

function scannedHexDouble(buf: Uint8Array): number {
  const hex = scannedHexInteger(buf);
  if (hex === 0n) return scanned.negative ? -0 : 0;
  const rounded = roundBinary(hex, scannedHexExponent(buf), false, 53, -1074);
  // The integer has at most 53 bits; two factors keep the power itself from overflowing or vanishing.
  const half = Math.trunc(rounded.exponent / 2);
  const value = Number(rounded.mantissa) * 2 ** half * 2 ** (rounded.exponent - half);
  return scanned.negative ? -value : value;
}

/** Whether the hexadecimal number in `scanned` is a double as it stands. */
function isExactHex(buf: Uint8Array): boolean {
  const hex = scannedHexInteger(buf);
  const exponent = scannedHexExponent(buf);
  const rounded = roundBinary(hex, exponent, false, 53, -1074);
  return rounded.mantissa << BigInt(rounded.exponent - exponent) === hex;
}

/** The hexadecimal digits in `scanned` as one integer, as if they had no point. */
export function scannedHexInteger(buf: Uint8Array): bigint {
  let text = "0x0";
  for (let i = scanned.digitsStart; i < scanned.digitsEnd; i++) {
    if (buf[i]! !== 0x2e) text += String.fromCharCode(buf[i]!);
  }
  return BigInt(text);
}

/** The power of two that belongs to `scannedHexInteger`. */
export function scannedHexExponent(buf: Uint8Array): number {
  for (let i = scanned.digitsStart; i < scanned.digitsEnd; i++) {
    if (buf[i]! === 0x2e) return scanned.exponent - 4 * (scanned.digitsEnd - i - 1);
  }
  return scanned.exponent;
}

/** Whether any digit in `scanned` is not zero: tells a zero from a value that vanished. */
export function hasNonZeroDigit(buf: Uint8Array): boolean {
  for (let i = scanned.digitsStart; i < scanned.digitsEnd; i++) {
    if (buf[i]! !== 0x30 && buf[i]! !== 0x2e) return true;
  }
  return false;
}

/** An unsigned binary floating point number: mantissa x 2^exponent. */
export interface Binary {
  mantissa: bigint;
  exponent: number;
}

/**
 * Rounds n x 2^exponent (n >= 0) half to even to at most `bits` bits and no exponent below `least`.
 * @param sticky whether the true value is a little above n (bits already cut off)
 */
export function roundBinary(
  n: bigint,
  exponent: number,
  sticky: boolean,
  bits: number,
  least: number,
): Binary {
  const length = bitLength(n);
  const shift = Math.max(length - bits, least - exponent);
  if (shift <= 0) return { mantissa: n, exponent };
  if (shift > length + 1) return { mantissa: 0n, exponent: exponent + shift };
  const by = BigInt(shift);
  let mantissa = n >> by;
  const rest = n - (mantissa << by);
  const half = 1n << (by - 1n);
  if (rest > half || (rest === half && (sticky || (mantissa & 1n) === 1n))) mantissa += 1n;
  return { mantissa, exponent: exponent + shift };
}

/** The number of bits of a non-negative integer. */
export function bitLength(n: bigint): number {
  if (n <= 0xffffffffn) return 32 - Math.clz32(Number(n));
  const hex = n.toString(16);
  return hex.length * 4 - Math.clz32(parseInt(hex.charAt(0), 16)) + 28;
}

/** Digits with at most one point, then an exponent if it is complete. */
function scanDigits(buf: Uint8Array, start: number, end: number, hex: boolean): void {
  let i = start;
  let seen = 0;
  let point = false;
  for (; i < end; i++) {
    const c = buf[i]!;
    if (isDigit(c) || (hex && isHexLetter(c))) seen++;
    else if (c === 0x2e && !point) point = true;
    else break;
  }
  if (seen === 0) return;
  scanned.kind = hex ? FLOAT_HEX : FLOAT_DECIMAL;
  scanned.digitsStart = start;
  scanned.digitsEnd = i;
  scanned.exponent = 0;
  scanned.end = i;
  if (i < end && (buf[i]! | 0x20) === (hex ? 0x70 : 0x65)) scanExponent(buf, i + 1, end);
}

function scanExponent(buf: Uint8Array, start: number, end: number): void {
  let i = start;
  const negative = i < end && buf[i]! === 0x2d;
  if (i < end && (negative || buf[i]! === 0x2b)) i++;
  if (i >= end || !isDigit(buf[i]!)) return;
  let n = 0;
  for (; i < end && isDigit(buf[i]!); i++) {
    if (n < EXPONENT_CLAMP) n = n * 10 + buf[i]! - 0x30;
  }
  if (n > EXPONENT_CLAMP) n = EXPONENT_CLAMP;
  scanned.exponent = negative ? -n : n;
  scanned.end = i;
}

function scanWord(buf: Uint8Array, start: number, end: number): void {
  if (wordAt(buf, start, end, "inf")) {
    scanned.kind = FLOAT_INFINITY;
    scanned.end = start + (wordAt(buf, start, end, "infinity") ? 8 : 3);
  } else if (wordAt(buf, start, end, "nan")) {
    scanned.kind = FLOAT_NAN;
    scanned.end = start + 3;
    if (start + 3 >= end || buf[start + 3]! !== 0x28) return;
    let i = start + 4;
    while (i < end && isWordByte(buf[i]!)) i++;
    if (i < end && buf[i]! === 0x29) scanned.end = i + 1;
  }
}

function wordAt(buf: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((buf[start + i]! | 0x20) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether hexadecimal digits follow: without them "0x" is the number 0 and a letter that does not belong. */
function hexFollows(buf: Uint8Array, i: number, end: number): boolean {
  if (i < end && buf[i]! === 0x2e) i++;
  return i < end && (isDigit(buf[i]!) || isHexLetter(buf[i]!));
}

/** Whether a byte is one of 0 to 9. */
export function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function isHexLetter(c: number): boolean {
  return (c | 0x20) >= 0x61 && (c | 0x20) <= 0x66;
}

function isWordByte(c: number): boolean {
  return isDigit(c) || c === 0x5f || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a);
}

function isSpace(c: number): boolean {
  return c === 0x20 || (c >= 0x09 && c <= 0x0d);
}
