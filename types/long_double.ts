/**
 * The 80-bit "long double" of x86, as far as INCRBYFLOAT and HINCRBYFLOAT show it: text in, a sum, text out.
 *
 * Redis adds in this type and prints the sum with 17 decimals, so its 64-bit mantissa decides which digits a
 * client sees (200.1 + 0 is 200.1 or 200.09999999999999999 depending on it). The values here are integers
 * times powers of two, rounded to 64 bits at exactly the places where the hardware rounds. The common case of
 * two integers never comes here with anything larger than a machine number.
 */
import {
  bitLength,
  FLOAT_HEX,
  FLOAT_INFINITY,
  FLOAT_NAN,
  FLOAT_NONE,
  hasNonZeroDigit,
  roundBinary,
  scanFloat,
  scanned,
  scannedHexExponent,
  scannedHexInteger,
} from "./double.ts";

/** mantissa x 2^exponent, |mantissa| <= 2^64; an infinite exponent stands for infinity. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const MANTISSA_BITS = 64;
/** The power of two of the last bit of a denormal number. */
const LEAST_EXPONENT = -16445;
/** Finite values are below 2^16384. */
const LIMIT_BITS = 16384;
/** Texts of this length and more are refused: Redis copies them into a buffer of this size. */
const TEXT_LIMIT = 5120;

const ZERO: LongDouble = { mantissa: 0n, exponent: 0 };

/**
 * A number as INCRBYFLOAT accepts it. Infinity is accepted here and refused by the sum (`isFiniteLong`).
 * @returns null where Redis answers "value is not a valid float"
 */
export function parseLongDouble(buf: Uint8Array, start: number, end: number): LongDouble | null {
  if (end - start >= TEXT_LIMIT) return null;
  scanFloat(buf, start, end);
  if (scanned.end !== end || scanned.kind === FLOAT_NONE || scanned.kind === FLOAT_NAN) return null;
  if (scanned.kind === FLOAT_INFINITY) {
    return { mantissa: scanned.negative ? -1n : 1n, exponent: Infinity };
  }
  if (!hasNonZeroDigit(buf)) return ZERO;
  const { negative } = scanned;
  const value = scanned.kind === FLOAT_HEX
    ? round(scannedHexInteger(buf), clampExponent(scannedHexExponent(buf)), false)
    : fromDecimal(buf);
  if (value.mantissa === 0n || value.exponent === Infinity) return null;
  return negative ? { mantissa: -value.mantissa, exponent: value.exponent } : value;
}

/** The exact value of a double. */
export function longDoubleFrom(value: number): LongDouble {
  if (!Number.isFinite(value)) return { mantissa: value > 0 ? 1n : -1n, exponent: Infinity };
  let exponent = 0;
  while (!Number.isInteger(value)) {
    value *= 2;
    exponent--;
  }
  return { mantissa: BigInt(value), exponent };
}

/** a + b, rounded as the hardware does. Infinite when an operand or the sum is. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble {
  if (a.exponent === Infinity) return a;
  if (b.exponent === Infinity) return b;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  if (sum >= 0n) return round(sum, exponent, false);
  const rounded = round(-sum, exponent, false);
  return { mantissa: -rounded.mantissa, exponent: rounded.exponent };
}

/** Whether the value is neither infinity; the increment commands refuse the others. */
export function isFiniteLong(value: LongDouble): boolean {
  return value.exponent !== Infinity;
}

/**
 * ceil(value x factor), for timeouts in seconds that become milliseconds.
 * The product is rounded to 64 bits first, as C code that multiplies in this type does.
 */
export function scaleLongDoubleUp(value: LongDouble, factor: bigint): number {
  if (value.exponent === Infinity) return value.mantissa > 0n ? Infinity : -Infinity;
  const product = value.mantissa * factor;
  const negative = product < 0n;
  const { mantissa, exponent } = round(negative ? -product : product, value.exponent, false);
  if (exponent === Infinity) return negative ? -Infinity : Infinity;
  if (exponent >= 0) return Number((negative ? -mantissa : mantissa) << BigInt(exponent));
  const by = BigInt(-exponent);
  const floor = mantissa >> by;
  if (negative) return -Number(floor);
  return Number(floor << by === mantissa ? floor : floor + 1n);
}

/**
 * The value with up to 17 decimals ("%.17Lf") without trailing zeros and without a negative zero: what the
 * increment commands answer and store, and how coordinates are printed.
 */
export function formatLongDouble(value: LongDouble): string {
  if (value.exponent === Infinity) return value.mantissa > 0n ? "inf" : "-inf";
  const text = fixedPoint(value, 17);
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x30) end--;
  if (text.charCodeAt(end - 1) === 0x2e) end--;
  return end === 2 && text.startsWith("-0") ? "0" : text.slice(0, end);
}

/** A double with six decimals ("%f"), as error texts quote coordinates. */
export function formatSixDecimals(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = Object.is(value, -0) ? "-" : ""; // the mantissa of a zero has none
  return sign + fixedPoint(longDoubleFrom(value), 6);
}

/** A finite value with so many decimals, half to even ("%.*Lf"). */
function fixedPoint(value: LongDouble, decimals: number): string {
  const negative = value.mantissa < 0n;
  const magnitude = negative ? -value.mantissa : value.mantissa;
  // Scaled to an integer: |exponent| bits go from it, or are added.
  const scaled = roundBinary(magnitude * powerOfTen(decimals), value.exponent, false, Infinity, 0);
  const text = (scaled.mantissa << BigInt(scaled.exponent)).toString().padStart(decimals + 1, "0");
  const point = text.length - decimals;
  return (negative ? "-" : "") + text.slice(0, point) + "." + text.slice(point);
}

/** A double in the format of `formatLongDouble`; coordinates of GEOPOS and GEOSEARCH WITHCOORD. */
export function formatHumanDouble(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  // toFixed is exact but rounds ties up: they have exactly 18 binary places. Beyond 1e21 it gives up.
  if (Math.abs(value) >= 1e21 || Number.isInteger(value * 262144)) {
    return formatLongDouble(longDoubleFrom(value));
  }
  const text = value.toFixed(17);
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0x30) end--;
  if (text.charCodeAt(end - 1) === 0x2e) end--;
  return end === 2 && text.startsWith("-0") ? "0" : text.slice(0, end);
}

/** Powers of ten met before; increments use few of them, and computing one costs more than the addition. */
const powersOfTen: bigint[] = [];

function powerOfTen(n: number): bigint {
  if (n >= 64) return 10n ** BigInt(n);
  return powersOfTen[n] ??= 10n ** BigInt(n);
}

/** The decimal number in `scanned`, without its sign, rounded once. */
function fromDecimal(buf: Uint8Array): LongDouble {
  let text = "";
  let decimals = 0;
  let point = false;
  for (let i = scanned.digitsStart; i < scanned.digitsEnd; i++) {
    if (buf[i]! === 0x2e) {
      point = true;
      continue;
    }
    if (point) decimals++;
    if (text !== "" || buf[i]! !== 0x30) text += String.fromCharCode(buf[i]!);
  }
  const exponent = scanned.exponent - decimals;
  // Far outside the range in either direction: no need for the huge powers.
  if (exponent + text.length > 5000) return { mantissa: 1n, exponent: Infinity };
  if (exponent + text.length < -5100) return ZERO;
  const digits = BigInt(text);
  if (exponent >= 0) return round(digits * powerOfTen(exponent), 0, false);
  const divisor = powerOfTen(-exponent);
  // Enough bits that the quotient has more than 64; what is cut off below them only matters as "not zero".
  const shift = Math.max(0, bitLength(divisor) - bitLength(digits) + MANTISSA_BITS + 2);
  const dividend = digits << BigInt(shift);
  const quotient = dividend / divisor;
  return round(quotient, -shift, quotient * divisor !== dividend);
}

function round(n: bigint, exponent: number, sticky: boolean): LongDouble {
  const rounded = roundBinary(n, exponent, sticky, MANTISSA_BITS, LEAST_EXPONENT);
  if (bitLength(rounded.mantissa) + rounded.exponent > LIMIT_BITS) {
    return { mantissa: 1n, exponent: Infinity };
  }
  return rounded;
}

/** Keeps shifts small for exponents that are out of range whatever the (at most 5119) digits are. */
function clampExponent(exponent: number): number {
  return Math.max(-60_000, Math.min(60_000, exponent));
}
