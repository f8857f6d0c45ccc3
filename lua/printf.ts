/**
 * One conversion of C's printf, exactly as a C library prints it: what string.format, tostring and the JSON encoder
 * show of a number.
 *
 * JavaScript computes the same decimal digits (up to 100 of them, correctly rounded) with one exception: where a
 * number lies exactly between two decimals it takes the larger, C the even one. So the digits come from toFixed and
 * toExponential, and `rounded` puts the ties right; the rest of this file is layout.
 */

/** Flags, width and precision of one conversion. */
export interface PrintSpec {
  /** `-`: padded on the right. */
  left: boolean;
  /** `+`: a sign before positive numbers too. */
  plus: boolean;
  /** A blank before positive numbers. */
  space: boolean;
  /** `#`: 0x, a leading 0, a point that always stands. */
  alternate: boolean;
  /** `0`: padded with zeros after the sign. */
  zero: boolean;
  /** The least number of characters, 0 to 99. */
  width: number;
  /** 0 to 99; -1: none was given. */
  precision: number;
}

/** A conversion without flags, width and precision. */
export function plainSpec(): PrintSpec {
  return { left: false, plus: false, space: false, alternate: false, zero: false, width: 0, precision: -1 };
}

/** `%s` and `%c`: the precision cuts the text off, zeros never pad it. */
export function printText(spec: PrintSpec, text: string): string {
  return pad(spec, spec.precision >= 0 ? text.slice(0, spec.precision) : text);
}

/**
 * `%d %i %u %o %x %X` with 64 bits.
 * @param digits the magnitude, written in the conversion's base
 * @param prefix what `#` writes before a number that is not zero ("0x", "0", or nothing)
 */
function printDigits(spec: PrintSpec, sign: string, digits: string, prefix: string): string {
  const zeroValue = digits === "0";
  if (spec.precision === 0 && zeroValue) digits = "";
  if (spec.precision > digits.length) digits = digits.padStart(spec.precision, "0");
  if (spec.alternate && prefix === "0" && !digits.startsWith("0")) digits = "0" + digits;
  else if (spec.alternate && prefix.length === 2 && !zeroValue) sign += prefix;
  // A precision switches the padding with zeros off.
  return padNumber(spec, sign, digits, spec.zero && spec.precision < 0);
}

/** `%d`: the number as C converts a double to a 64-bit integer, see `toInt64`. */
export function printInteger(spec: PrintSpec, value: number): string {
  const text = toInt64(value).toString();
  const negative = text.startsWith("-");
  return printDigits(spec, negative ? "-" : positiveSign(spec), negative ? text.slice(1) : text, "");
}

/** `%u %o %x %X`: the number as C converts a double to an unsigned 64-bit integer. Signs are not printed. */
export function printUnsigned(spec: PrintSpec, conversion: string, value: number): string {
  const bits = toUint64(value);
  if (conversion === "u") return printDigits(spec, "", bits.toString(), "");
  if (conversion === "o") return printDigits(spec, "", bits.toString(8), "0");
  const digits = bits.toString(16);
  return conversion === "x"
    ? printDigits(spec, "", digits, "0x")
    : printDigits(spec, "", digits.toUpperCase(), "0X");
}

/** `%e %E %f %g %G`. NaN prints as the "-nan" that arithmetic makes on x86 (JavaScript's has no sign). */
export function printDouble(spec: PrintSpec, conversion: string, value: number): string {
  const upper = conversion < "a";
  const negative = value < 0 || value !== value || (value === 0 && 1 / value < 0);
  const sign = negative ? "-" : positiveSign(spec);
  if (!Number.isFinite(value)) {
    const word = value === value ? "inf" : "nan";
    return padNumber(spec, sign, upper ? word.toUpperCase() : word, false);
  }
  const magnitude = Math.abs(value);
  const precision = spec.precision < 0 ? 6 : spec.precision;
  const kind = conversion.toLowerCase();
  const text = kind === "f"
    ? fixed(magnitude, precision, spec.alternate)
    : kind === "e"
    ? exponential(magnitude, precision, spec.alternate)
    : general(magnitude, Math.max(precision, 1), spec.alternate);
  return padNumber(spec, sign, upper ? text.toUpperCase() : text, spec.zero);
}

/** `%.Ng` for a precision N of 1 to 17, without its own layout of flags. NaN is "-nan", see `printDouble`. */
export function generalText(value: number, precision: number): string {
  // Integers with no more digits than that are by far the most; String(-0) would lose the sign.
  const limit = WHOLE_BELOW[precision]!;
  if (value < limit && value > -limit && Number.isInteger(value) && (value !== 0 || 1 / value > 0)) {
    return String(value);
  }
  if (value !== value) return "-nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  const text = general(Math.abs(value), precision, false);
  return value < 0 || (value === 0 && 1 / value < 0) ? "-" + text : text;
}

/** By precision: integers below print with all of their digits, and are exact. */
const WHOLE_BELOW = Array.from({ length: 18 }, (_, precision) => Math.min(10 ** precision, 2 ** 53));

/**
 * A double cut to a signed 64-bit integer as x86 does it: NaN and everything out of range is the least integer.
 * A number is returned where it is exact.
 */
export function toInt64(value: number): number | bigint {
  const whole = Math.trunc(value) + 0; // + 0: no -0
  if (Number.isSafeInteger(whole)) return whole;
  return whole >= -9223372036854775808 && whole < 9223372036854775808 ? BigInt(whole) : -(1n << 63n);
}

/** A double cut to an unsigned 64-bit integer as x86 does it: negative numbers wrap, 2^64 and more is 0. */
export function toUint64(value: number): number | bigint {
  const whole = Math.trunc(value) + 0;
  if (whole >= 0 && Number.isSafeInteger(whole)) return whole;
  if (whole >= 18446744073709551616) return 0;
  if (whole >= 9223372036854775808) return BigInt(whole);
  return BigInt.asUintN(64, BigInt(toInt64(value)));
}

function positiveSign(spec: PrintSpec): string {
  return spec.plus ? "+" : spec.space ? " " : "";
}

function pad(spec: PrintSpec, text: string): string {
  if (text.length >= spec.width) return text;
  return spec.left ? text.padEnd(spec.width, " ") : text.padStart(spec.width, " ");
}

function padNumber(spec: PrintSpec, sign: string, digits: string, zeros: boolean): string {
  if (zeros && !spec.left) return sign + digits.padStart(spec.width - sign.length, "0");
  return pad(spec, sign + digits);
}

function fixed(magnitude: number, precision: number, point: boolean): string {
  let text: string;
  if (magnitude >= 1e21) { // toFixed gives up there; from 2^53 on doubles are integers
    text = BigInt(magnitude).toString() + (precision > 0 ? "." + "0".repeat(precision) : "");
  } else {
    text = rounded(magnitude, magnitude.toFixed(precision), () => magnitude.toFixed(precision + 1));
  }
  return point && precision === 0 ? text + "." : text;
}

function exponential(magnitude: number, precision: number, point: boolean): string {
  const text = exponentialDigits(magnitude, precision);
  const mark = text.indexOf("e");
  const mantissa = text.slice(0, mark) + (point && precision === 0 ? "." : "");
  return mantissa + exponentText(Number(text.slice(mark + 1)));
}

/** An exponent of at least two digits with its sign. */
function exponentText(exponent: number): string {
  const power = Math.abs(exponent);
  return (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") + power;
}

function general(magnitude: number, precision: number, keepZeros: boolean): string {
  const text = exponentialDigits(magnitude, precision - 1);
  const mark = text.indexOf("e");
  const exponent = Number(text.slice(mark + 1));
  let digits = text.charAt(0) + text.slice(2, mark);
  if (!keepZeros) digits = withoutTrailingZeros(digits);
  if (exponent < -4 || exponent >= precision) {
    const point = digits.length > 1 || keepZeros ? "." : "";
    return digits.charAt(0) + point + digits.slice(1) + exponentText(exponent);
  }
  if (exponent < 0) return "0." + "0".repeat(-exponent - 1) + digits;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction.length > 0 || keepZeros ? whole + "." + fraction : whole;
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

function exponentialDigits(magnitude: number, precision: number): string {
  return rounded(magnitude, magnitude.toExponential(precision), () => magnitude.toExponential(precision + 1));
}

/**
 * The decimal that C prints, given the one JavaScript does and a way to get one with a digit more.
 *
 * Only an exact tie differs, and only where cutting off gives the even digit. A tie with one more decimal place than
 * asked for is a number whose digits end in 5 there and which these digits name exactly.
 */
function rounded(magnitude: number, text: string, longer: () => string): string {
  if (Number.isInteger(magnitude) && magnitude < 10) return text; // the usual zero, one, ...
  const more = longer();
  const mark = more.indexOf("e");
  const end = mark < 0 ? more.length : mark;
  if (more.charCodeAt(end - 1) !== 0x35 || !isExactly(magnitude, more)) return text;
  let cut = more.slice(0, end - 1);
  if (cut.endsWith(".")) cut = cut.slice(0, -1);
  const last = cut.charCodeAt(cut.length - 1);
  return (last & 1) === 0 ? cut + more.slice(end) : text;
}

/** Whether a decimal ("12.5", "1.25e+1") is this very double and not just close to it. */
function isExactly(magnitude: number, decimal: string): boolean {
  const mark = decimal.indexOf("e");
  const mantissa = mark < 0 ? decimal : decimal.slice(0, mark);
  const point = mantissa.indexOf(".");
  const places = point < 0 ? 0 : mantissa.length - point - 1;
  const power = (mark < 0 ? 0 : Number(decimal.slice(mark + 1))) - places;
  // digits x 10^power = binary x 2^exponent; most numbers need more binary places than that has
  if (power < 0 && magnitude < 1e15 && !Number.isInteger(magnitude * 2 ** -power)) return false;
  const digits = BigInt(mantissa.replace(".", ""));
  const [binary, exponent] = binaryParts(magnitude);
  const left = digits * (power > 0 ? 10n ** BigInt(power) : 1n) *
    (exponent < 0 ? 1n << BigInt(-exponent) : 1n);
  const right = binary * (power < 0 ? 10n ** BigInt(-power) : 1n) *
    (exponent > 0 ? 1n << BigInt(exponent) : 1n);
  return left === right;
}

const scratch = new DataView(new ArrayBuffer(8));

/** A positive double as integer x 2^exponent. */
function binaryParts(magnitude: number): [bigint, number] {
  scratch.setFloat64(0, magnitude);
  const bits = scratch.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0 ? [fraction, -1074] : [fraction | 0x10000000000000n, biased - 1075];
}
