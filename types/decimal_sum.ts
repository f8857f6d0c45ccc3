/**
 * The common case of INCRBYFLOAT and HINCRBYFLOAT, without big integers: two decimals such as "-12.5", of moderate size.
 *
 * Each becomes a fixed-point number, rounded to the 64 significant bits of a long double just where the hardware
 * rounds, and so does their sum. Everything else is left to long_double.ts, whose results these equal.
 */
import { formatInt, writeDigits } from "./bytes.ts";
import { isDigit } from "./double.ts";

/** Bits of a limb: the product of a limb and of eight digits is a safe integer. */
const LIMB_BITS = 24;
const LIMB = 1 << LIMB_BITS;
/** Limbs behind the point. */
const LIMBS = 4;
const MANTISSA_BITS = 64;
/** Decimals of the text: one, behind twice eight. */
const DECIMALS = 17;
const EIGHT_DIGITS = 1e8;
/** What {@link addDecimals} may write: a sign, an integer below 2^53, the point and the decimals. */
export const DECIMAL_SUM_BYTES = 1 + 16 + 1 + DECIMALS;

const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;

/** A number from -2^53 to 2^53 with 96 bits behind the point. */
class FixedPoint {
  negative = false;
  /** The integer part of the magnitude. */
  whole = 0;
  /** The fraction of the magnitude: the first counts 2^-24, the next 2^-48 ... */
  readonly limbs = new Int32Array(LIMBS);

  /** Takes the decimal buf[start..end), rounded. False if it is none, or outside the range: then the value is void. */
  parse(buf: Uint8Array, start: number, end: number): boolean {
    let at = start;
    this.negative = buf[at] === MINUS;
    if (at < end && (buf[at] === MINUS || buf[at] === PLUS)) at++;
    let point = at;
    let whole = 0;
    for (; point < end && isDigit(buf[point]!); point++) whole = whole * 10 + buf[point]! - ZERO;
    if (point - at > 15 || (point === at && end - at < 2)) return false;
    this.whole = whole;
    this.limbs.fill(0);
    if (point === end) return true;
    if (buf[point] !== POINT || end - point - 1 > DECIMALS) return false;
    for (let i = point + 1; i < end; i++) if (!isDigit(buf[i]!)) return false;
    const first = eightDigits(buf, point + 1, end);
    const second = eightDigits(buf, point + 9, end);
    const last = point + DECIMALS < end ? buf[point + DECIMALS]! - ZERO : 0;
    // (first + (second + last / 10) / 10^8) / 10^8, each division cut off, which cuts off the whole where it has to.
    let rest = this.#divide(last, 10);
    rest += this.#divide(second, EIGHT_DIGITS);
    rest += this.#divide(first, EIGHT_DIGITS);
    return this.#round(rest !== 0);
  }

  /** Becomes (high + this fraction) / by, cut off, for high < by. Returns what is left, which is 0 if it was exact. */
  #divide(high: number, by: number): number {
    const { limbs } = this;
    let rest = high;
    for (let i = 0; i < LIMBS; i++) {
      const dividend = rest * LIMB + limbs[i]!;
      const quotient = Math.floor(dividend / by);
      limbs[i] = quotient;
      rest = dividend - quotient * by;
    }
    return rest;
  }

  /** Adds a number, and rounds the sum. False if it is outside the range: then the value is void. */
  add(other: FixedPoint): boolean {
    this.#addMagnitude(other, this.negative === other.negative ? 1 : -1);
    if (this.whole < 0) this.#negate();
    return this.whole <= Number.MAX_SAFE_INTEGER && this.#round(false);
  }

  /** Adds sign times the other magnitude to this one; what is below zero has a negative integer part then. */
  #addMagnitude(other: FixedPoint, sign: 1 | -1): void {
    const { limbs } = this;
    let carry = 0;
    for (let i = LIMBS - 1; i >= 0; i--) {
      const sum = limbs[i]! + sign * other.limbs[i]! + carry;
      limbs[i] = sum & (LIMB - 1);
      carry = sum >> LIMB_BITS;
    }
    this.whole += sign * other.whole + carry;
  }

  /** Turns the magnitude, which is below zero, around, and the sign with it. */
  #negate(): void {
    const { limbs } = this;
    let carry = 0;
    for (let i = LIMBS - 1; i >= 0; i--) {
      const difference = carry - limbs[i]!;
      limbs[i] = difference & (LIMB - 1);
      carry = difference >> LIMB_BITS;
    }
    this.whole = carry - this.whole;
    this.negative = !this.negative;
  }

  /** Rounds to 64 significant bits, half to even. `more`: it was cut off behind the last limb. False if those bits go beyond it. */
  #round(more: boolean): boolean {
    const { limbs } = this;
    const kept = MANTISSA_BITS - 1 - this.#exponent();
    if (kept >= LIMBS * LIMB_BITS) return this.#isZero() && !more;
    const last = Math.floor(kept / LIMB_BITS);
    const dropped = LIMB_BITS - kept % LIMB_BITS;
    const half = 1 << (dropped - 1);
    const rest = limbs[last]! & ((1 << dropped) - 1);
    let up = rest > half;
    if (rest === half) up = more || this.#hasBehind(last) || this.#isOdd(last, dropped);
    limbs[last] = limbs[last]! - rest;
    limbs.fill(0, last + 1);
    if (up) this.#carry(last, 1 << dropped);
    return true;
  }

  /** The power of two of the first bit; of zero, less than any. */
  #exponent(): number {
    if (this.whole >= 2 ** 32) return 63 - Math.clz32(Math.floor(this.whole / 2 ** 32));
    if (this.whole > 0) return 31 - Math.clz32(this.whole);
    for (let i = 0; i < LIMBS; i++) {
      if (this.limbs[i] !== 0) return 31 - Math.clz32(this.limbs[i]!) - LIMB_BITS * (i + 1);
    }
    return -Infinity;
  }

  #isZero(): boolean {
    return this.#exponent() === -Infinity;
  }

  #hasBehind(index: number): boolean {
    for (let i = index + 1; i < LIMBS; i++) if (this.limbs[i] !== 0) return true;
    return false;
  }

  /** Whether the last bit that is kept is set, where so many of this limb are dropped. */
  #isOdd(index: number, dropped: number): boolean {
    if (dropped < LIMB_BITS) return (this.limbs[index]! >> dropped & 1) === 1;
    return (this.limbs[index - 1]! & 1) === 1; // there is one: of the bits behind the point at least eleven are kept
  }

  /** Adds to a limb, and to those before it what goes beyond. */
  #carry(index: number, amount: number): void {
    const { limbs } = this;
    for (let carry = amount; carry > 0; index--) {
      if (index < 0) {
        this.whole += carry;
        return;
      }
      const sum = limbs[index]! + carry;
      limbs[index] = sum & (LIMB - 1);
      carry = sum >> LIMB_BITS;
    }
  }

  /** Writes the value with up to 17 decimals, without trailing zeros and a negative zero; the fraction is used up. Returns the end. */
  format(out: Uint8Array, start: number): number {
    let first = this.#multiply(EIGHT_DIGITS);
    let second = this.#multiply(EIGHT_DIGITS);
    let last = this.#multiply(10);
    const half = 1 << (LIMB_BITS - 1);
    const rest = this.limbs[0]!;
    if (rest > half || (rest === half && (this.#hasBehind(0) || last % 2 === 1))) last++;
    if (last === 10) {
      last = 0;
      second++;
    }
    if (second === EIGHT_DIGITS) {
      second = 0;
      first++;
    }
    if (first === EIGHT_DIGITS) {
      first = 0;
      this.whole++;
    }
    const fraction = first + second + last > 0;
    let at = start;
    if (this.negative && (fraction || this.whole > 0)) out[at++] = MINUS;
    at = formatInt(this.whole, out, at);
    if (!fraction) return at;
    out[at++] = POINT;
    writeDigits(first, out, at, at + 8);
    writeDigits(second, out, at + 8, at + 16);
    out[at + 16] = ZERO + last;
    at += DECIMALS;
    while (out[at - 1] === ZERO) at--;
    return at;
  }

  /** Multiplies the fraction, and returns the integer part of the product. */
  #multiply(by: number): number {
    const { limbs } = this;
    let carry = 0;
    for (let i = LIMBS - 1; i >= 0; i--) {
      const product = limbs[i]! * by + carry;
      carry = Math.floor(product / LIMB);
      limbs[i] = product - carry * LIMB;
    }
    return carry;
  }
}

/** The number of up to eight digits from an offset on; those that are missing at the end are zeros. */
function eightDigits(buf: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < start + 8; i++) value = value * 10 + (i < end ? buf[i]! - ZERO : 0);
  return value;
}

const sum = new FixedPoint();
const addend = new FixedPoint();

/**
 * Writes the sum of two decimals, as x86's long double gives it and as Redis prints that, to the start of `out`
 * ({@link DECIMAL_SUM_BYTES} at least).
 * @returns the length; 0 if one of them is no plain decimal, or the numbers are too large, too small or too long for this
 */
export function addDecimals(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  out: Uint8Array,
): number {
  if (!sum.parse(a, aStart, aEnd) || !addend.parse(b, bStart, bEnd) || !sum.add(addend)) return 0;
  return sum.format(out, 0);
}

/** Whether the text is a number that {@link addDecimals} adds itself. */
export function isDecimal(buf: Uint8Array, start: number, end: number): boolean {
  return addend.parse(buf, start, end);
}
