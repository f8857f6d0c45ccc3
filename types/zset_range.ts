/**
 * The two kinds of bounds that the range commands of sorted sets take: scores ("5", "(5", "-inf") and members
 * ("[a", "(a", "-", "+"). Parsing follows ZRANGEBYSCORE's and ZRANGEBYLEX's documentation, corners included; a range is
 * an object that is filled again for each command.
 */
import { compareBytes, EMPTY_BYTES } from "./bytes.ts";
import { parseRangeDouble } from "./double.ts";

const OPEN_ROUND = 0x28;
const OPEN_SQUARE = 0x5b;
const PLUS = 0x2b;
const MINUS = 0x2d;

/** A range of scores. */
export class ScoreRange {
  min = -Infinity;
  max = Infinity;
  /** Whether the lowest score itself is outside. */
  minExclusive = false;
  /** Whether the highest score itself is outside. */
  maxExclusive = false;

  /** Reads the lower bound; false where Redis says "min or max is not a float". */
  parseMin(buf: Uint8Array, start: number, end: number): boolean {
    this.minExclusive = start < end && buf[start] === OPEN_ROUND;
    this.min = parseRangeDouble(buf, this.minExclusive ? start + 1 : start, end);
    return this.min === this.min;
  }

  /** Reads the upper bound; false where Redis says "min or max is not a float". */
  parseMax(buf: Uint8Array, start: number, end: number): boolean {
    this.maxExclusive = start < end && buf[start] === OPEN_ROUND;
    this.max = parseRangeDouble(buf, this.maxExclusive ? start + 1 : start, end);
    return this.max === this.max;
  }

  /** Sets inclusive bounds. */
  set(min: number, max: number): void {
    this.min = min;
    this.max = max;
    this.minExclusive = this.maxExclusive = false;
  }
}

/** One end of a range of members. The span is the argument's and lives as long as it. */
export class LexBound {
  /** -1 before every member ("-"), 1 after every member ("+"), 0 at the member in the span. */
  infinite = 0;
  /** Whether the member itself is outside. */
  exclusive = false;
  buf: Uint8Array = EMPTY_BYTES;
  start = 0;
  end = 0;

  /** Reads a bound; false where Redis says "min or max not valid string range item". */
  parse(buf: Uint8Array, start: number, end: number): boolean {
    this.buf = buf;
    this.start = start + 1;
    this.end = end;
    this.infinite = 0;
    const sign = start < end ? buf[start]! : 0;
    this.exclusive = sign === OPEN_ROUND;
    if (sign === OPEN_ROUND || sign === OPEN_SQUARE) return true;
    this.infinite = sign === MINUS ? -1 : 1;
    // As C reads it: nothing, or a zero byte, may follow the sign.
    return (sign === MINUS || sign === PLUS) && (end === start + 1 || buf[start + 1] === 0);
  }

  /** Whether a member is on the inner side of this bound, taken as the lower one. */
  admitsAbove(buf: Uint8Array, start: number, end: number): boolean {
    if (this.infinite !== 0) return this.infinite < 0;
    const order = compareBytes(buf, start, end, this.buf, this.start, this.end);
    return this.exclusive ? order > 0 : order >= 0;
  }

  /** Whether a member is on the inner side of this bound, taken as the upper one. */
  admitsBelow(buf: Uint8Array, start: number, end: number): boolean {
    if (this.infinite !== 0) return this.infinite > 0;
    const order = compareBytes(buf, start, end, this.buf, this.start, this.end);
    return this.exclusive ? order < 0 : order <= 0;
  }
}

/** A range of members, for sorted sets in which all scores are equal. */
export class LexRange {
  readonly min: LexBound = new LexBound();
  readonly max: LexBound = new LexBound();
}
