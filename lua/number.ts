/**
 * Numbers as text, both ways, as PUC Lua 5.1 does it through C: `tostring` is "%.14g", and a string counts as a
 * number where `strtod` takes all of it but surrounding space, hexadecimal and "inf" included.
 */

/** A number as Lua prints it. NaN is "-nan": what x86 computes for 0/0, and printf shows its sign. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && value < 1e14 && value > -1e14) {
    return value === 0 && 1 / value < 0 ? "-0" : String(value);
  }
  if (value !== value) return "-nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  return formatGeneral(value, 14);
}

/** A finite number as printf's "%.{precision}g"; precision from 1 to 99. */
export function formatGeneral(value: number, precision: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 || value === 0 && 1 / value < 0 ? "-" : "";
  if (magnitude === 0) return sign + "0";
  const text = roundedExponential(magnitude, precision - 1);
  const mark = text.indexOf("e");
  const exponent = Number(text.slice(mark + 1));
  const digits = (text.charAt(0) + text.slice(2, mark)).replace(/0+$/, "");
  if (exponent < -4 || exponent >= precision) {
    const power = Math.abs(exponent);
    const fraction = digits.length > 1 ? "." + digits.slice(1) : "";
    return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") +
      power;
  }
  if (exponent < 0) return sign + "0." + "0".repeat(-exponent - 1) + digits;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return sign + (digits.length > exponent + 1 ? whole + "." + digits.slice(exponent + 1) : whole);
}

/**
 * `toExponential`, but with exact ties going to the even digit, as in C, where JavaScript takes the larger.
 * @param places digits after the point, at most 100
 */
export function roundedExponential(magnitude: number, places: number): string {
  const text = magnitude.toExponential(places);
  if (places >= 60) return text;
  const mark = text.indexOf("e");
  const last = text.charCodeAt(mark - 1) & 1;
  if (last === 0) return text; // even already: no tie, or one that went the right way
  const exact = magnitude.toExponential(Math.min(places + 40, 100));
  const tail = exact.slice(places === 0 ? 2 : places + 2, exact.indexOf("e"));
  if (!/^50*$/.test(tail)) return text;
  // A tie rounded up to an odd digit: the even one is the digits cut off.
  return exact.slice(0, places === 0 ? 1 : places + 2) + exact.slice(exact.indexOf("e"));
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))(?:[pP]([+-]?\d+))?$/;
const WORD = /^([+-]?)(?:(inf(?:inity)?)|nan(?:\([0-9a-zA-Z_]*\))?)$/i;

/** The number that a string stands for; undefined where it stands for none. As in C, a zero byte ends the text. */
export function parseNumber(text: string): number | undefined {
  let start = 0;
  let end = text.indexOf("\0");
  if (end < 0) end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  const bare = start === 0 && end === text.length ? text : text.slice(start, end);
  if (DECIMAL.test(bare)) return Number(bare);
  const hex = HEXADECIMAL.exec(bare);
  if (hex !== null) return hexNumber(hex);
  const word = WORD.exec(bare);
  if (word === null) return undefined;
  if (word[2] === undefined) return NaN;
  return word[1] === "-" ? -Infinity : Infinity;
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(code: number): boolean {
  return code === 32 || code >= 9 && code <= 13;
}

function hexNumber(match: RegExpExecArray): number {
  const fraction = match[3] ?? match[4] ?? "";
  const digits = (match[2] ?? "") + fraction;
  const exponent = Number(match[5] ?? 0) - 4 * fraction.length;
  let value = Number(BigInt("0x" + digits));
  // In two steps: the power alone may be out of range where the product is not.
  const half = Math.trunc(Math.max(-2200, Math.min(2200, exponent)) / 2);
  value = value * 2 ** half * 2 ** (Math.max(-2200, Math.min(2200, exponent)) - half);
  return match[1] === "-" ? -value : value;
}
