/**
 * HyperLogLog values in Redis's own string format: a value written by one server means the same on the
 * other, byte for byte after the same additions.
 *
 * A value is a header (magic "HYLL", encoding, cached count whose last bit says "stale") and 16384 registers:
 * dense, packed at 6 bits each, or sparse, as runs (ZERO and XZERO for runs of empty registers, VAL for up to
 * four equal ones). Reading works on the bytes where they lie; a dense value is also changed in place.
 * Changing a sparse one shifts bytes and may turn it dense, so it goes through a `HyperLogLogEditor`.
 *
 * The estimator is the one of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
 * (2017), algorithm 6.
 */
import { readI64, writeI64 } from "./bytes.ts";
import { murmur, murmur64 } from "./murmur.ts";

/** Registers of a value: 14 bits of the hash choose one. */
export const HLL_REGISTERS = 16384;
const INDEX_BITS = 14;
/** Bits of the hash left for the run of zeros that a register measures. */
const RUN_BITS = 64 - INDEX_BITS;
const HASH_SEED = 0xadc83b19 | 0;

export const HLL_HEADER_BYTES = 16;
/** Size of a dense value. */
export const HLL_DENSE_BYTES = HLL_HEADER_BYTES + HLL_REGISTERS * 6 / 8;
const MAGIC = [0x48, 0x59, 0x4c, 0x4c];
const ENCODING_AT = 4;
const COUNT_AT = 8;
const STALE_AT = 15;
const STALE = 0x80;
const DENSE = 0;
const SPARSE = 1;

/** The largest register a VAL run can hold; a larger one makes the value dense. */
const VAL_MAX = 32;
const VAL_RUN_MAX = 4;
const ZERO_RUN_MAX = 64;

/** Whether the bytes claim to be a HyperLogLog: magic, known encoding, and the right size when dense. */
export function isHyperLogLog(buf: Uint8Array, start: number, end: number): boolean {
  if (end - start < HLL_HEADER_BYTES) return false;
  for (let i = 0; i < 4; i++) if (buf[start + i]! !== MAGIC[i]!) return false;
  const encoding = buf[start + ENCODING_AT]!;
  return encoding === SPARSE || (encoding === DENSE && end - start === HLL_DENSE_BYTES);
}

/** Whether a value (that `isHyperLogLog`) has the dense encoding. */
export function isDense(buf: Uint8Array, start: number): boolean {
  return buf[start + ENCODING_AT]! === DENSE;
}

/** The cached count, or undefined when it is stale. */
export function cachedCount(buf: Uint8Array, start: number): number | bigint | undefined {
  return (buf[start + STALE_AT]! & STALE) === 0 ? readI64(buf, start + COUNT_AT) : undefined;
}

/** Stores a count in the header, which makes it current. */
export function cacheCount(buf: Uint8Array, start: number, count: number | bigint): void {
  writeI64(buf, start + COUNT_AT, count);
}

/** Marks the cached count as stale. */
export function invalidateCount(buf: Uint8Array, start: number): void {
  buf[start + STALE_AT] = buf[start + STALE_AT]! | STALE;
}

/** The estimated number of distinct elements; undefined for a corrupted value. */
export function estimateCount(buf: Uint8Array, start: number, end: number): number | bigint | undefined {
  histogram.fill(0);
  if (isDense(buf, start)) {
    unpackRegisters(buf, start, scratchRegisters);
    for (let i = 0; i < HLL_REGISTERS; i++) histogram[scratchRegisters[i]!]!++;
  } else if (!sparseHistogram(buf, start, end)) {
    return undefined;
  }
  return estimate();
}

/** The estimated count of a union that `mergeRegisters` gathered, one byte a register. */
export function estimateUnion(registers: Uint8Array): number | bigint {
  histogram.fill(0);
  for (let i = 0; i < HLL_REGISTERS; i++) histogram[registers[i]!]!++;
  return estimate();
}

/**
 * Raises every register (one byte each) to the value's own where that is larger.
 * @returns false for a corrupted value; registers before the fault are then merged already
 */
export function mergeRegisters(registers: Uint8Array, buf: Uint8Array, start: number, end: number): boolean {
  if (!isDense(buf, start)) return mergeSparse(registers, buf, start, end);
  let at = start + HLL_HEADER_BYTES;
  for (let i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
    const bits = buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16);
    if ((bits & 63) > registers[i]!) registers[i] = bits & 63;
    if (((bits >> 6) & 63) > registers[i + 1]!) registers[i + 1] = (bits >> 6) & 63;
    if (((bits >> 12) & 63) > registers[i + 2]!) registers[i + 2] = (bits >> 12) & 63;
    if (bits >> 18 > registers[i + 3]!) registers[i + 3] = bits >> 18;
  }
  return true;
}

/** Register `index` of a dense value. */
export function denseRegister(buf: Uint8Array, start: number, index: number): number {
  const bit = index * 6;
  const at = start + HLL_HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  // The last register ends with its byte: the one after it is not part of the value.
  const next = shift > 2 ? buf[at + 1]! << 8 : 0;
  return ((next | buf[at]!) >> shift) & 63;
}

/**
 * Adds an element to a dense value in place, the cached count left as it is.
 * @returns whether a register grew
 */
export function addToDense(
  buf: Uint8Array,
  start: number,
  element: Uint8Array,
  elementStart: number,
  elementEnd: number,
): boolean {
  hashElement(element, elementStart, elementEnd);
  return raiseDense(buf, start, hashedIndex, hashedRun);
}

/**
 * A value under change, in a buffer of its own that only grows: `load` or `reset`, change, then take
 * `bytes()`. One editor serves all values, one after the other.
 */
export class HyperLogLogEditor {
  #buf = new Uint8Array(HLL_DENSE_BYTES + 8);
  #length = 0;
  /** The opcode before the one that was changed last, and its first register. */
  #walkAt = HLL_HEADER_BYTES;
  #walkFirst = 0;

  /** Starts from an empty value: one run of 16384 empty registers, count 0 current. */
  reset(): void {
    this.#buf.fill(0, 0, HLL_HEADER_BYTES);
    this.#buf.set(MAGIC);
    this.#buf[ENCODING_AT] = SPARSE;
    this.#setLength(HLL_HEADER_BYTES + putZeros(this.#buf, HLL_HEADER_BYTES, HLL_REGISTERS));
    this.#walkFrom(HLL_HEADER_BYTES, 0);
  }

  /** Starts from a copy of a value that `isHyperLogLog`. */
  load(buf: Uint8Array, start: number, end: number): void {
    const length = end - start;
    // Eight bytes more than needed: a sparse change writes up to five before it knows the new length.
    if (length + 8 > this.#buf.length) this.#buf = new Uint8Array(length + 8);
    this.#buf.set(buf.subarray(start, end));
    this.#setLength(length);
    this.#walkFrom(HLL_HEADER_BYTES, 0);
  }

  /** A view of the value; valid until the next change. */
  bytes(): Uint8Array {
    return this.#buf.subarray(0, this.#length);
  }

  isDense(): boolean {
    return isDense(this.#buf, 0);
  }

  /** Marks the cached count as stale. */
  invalidateCount(): void {
    invalidateCount(this.#buf, 0);
  }

  /**
   * Adds an element.
   * @param sparseLimit size in bytes beyond which a sparse value turns dense (hll-sparse-max-bytes)
   * @returns 1 when a register grew, 0 when not, -1 for a corrupted value
   */
  add(element: Uint8Array, start: number, end: number, sparseLimit: number): -1 | 0 | 1 {
    hashElement(element, start, end);
    return this.raise(hashedIndex, hashedRun, sparseLimit);
  }

  /** Raises register `index` to `value` (1..63) if it is smaller; as `add`. */
  raise(index: number, value: number, sparseLimit: number): -1 | 0 | 1 {
    if (this.isDense()) return raiseDense(this.#buf, 0, index, value) ? 1 : 0;
    return value > VAL_MAX ? this.#raisePromoted(index, value) : this.#raiseSparse(index, value, sparseLimit);
  }

  /** Makes the value dense; false, and nothing changed, when it is corrupted. */
  toDense(): boolean {
    if (this.isDense()) return true;
    scratchRegisters.fill(0);
    if (!mergeSparse(scratchRegisters, this.#buf, 0, this.#length)) return false;
    this.#buf[ENCODING_AT] = DENSE;
    packRegisters(scratchRegisters, this.#buf, 0);
    this.#length = HLL_DENSE_BYTES;
    return true;
  }

  /**
   * Raises all registers to those of a union (one byte each) that this value is part of: none of them is below its own.
   * @param sparseLimit as in `raise`
   */
  raiseAll(union: Uint8Array, sparseLimit: number): void {
    if (this.isDense()) return packRegisters(union, this.#buf, 0);
    for (let i = 0; i < HLL_REGISTERS; i++) if (union[i]! > 0) this.raise(i, union[i]!, sparseLimit);
  }

  #raisePromoted(index: number, value: number): -1 | 0 | 1 {
    if (!this.toDense()) return -1;
    return raiseDense(this.#buf, 0, index, value) ? 1 : 0;
  }

  #raiseSparse(index: number, value: number, sparseLimit: number): -1 | 0 | 1 {
    const buf = this.#buf;
    const end = this.#length;
    // The walk may begin where the last one ended, unless it ended behind this register or right at it.
    if (index < this.#walkFirst + runLength(buf, this.#walkAt)) this.#walkFrom(HLL_HEADER_BYTES, 0);
    let at = this.#walkAt;
    let first = this.#walkFirst;
    let run = 0;
    // Every addition walks a good part of the value: the shortest code for the most frequent opcodes.
    while (at < end) {
      const code = buf[at]!;
      run = code >= 0x80 ? (code & 3) + 1 : code < 0x40 ? code + 1 : runLength(buf, at);
      if (index < first + run) break;
      this.#walkFrom(at, first);
      at += code < 0x40 || code >= 0x80 ? 1 : 2;
      first += run;
    }
    if (at >= end) return -1;
    const previous = this.#walkAt;
    const old = runValue(buf[at]!);
    if (old >= value) return 0;
    if (run === 1 && !isXzero(buf[at]!)) {
      // A run of this register alone (in the short form): nothing moves.
      buf[at] = valOpcode(value, 1);
    } else if (!this.#splitRun(at, old, index - first, run, value, sparseLimit)) {
      return this.#raisePromoted(index, value);
    }
    this.#mergeRuns(previous);
    invalidateCount(this.#buf, 0);
    return 1;
  }

  #walkFrom(at: number, first: number): void {
    this.#walkAt = at;
    this.#walkFirst = first;
  }

  /**
   * Replaces the run at `at` by up to three: what lies before the register, the register, what lies after.
   * @returns false when the value would grow beyond the limit; nothing has changed then
   */
  #splitRun(
    at: number,
    old: number,
    before: number,
    run: number,
    value: number,
    sparseLimit: number,
  ): boolean {
    const after = run - before - 1;
    let size = 0;
    if (before > 0) size += putRun(pieces, size, old, before);
    pieces[size++] = valOpcode(value, 1);
    if (after > 0) size += putRun(pieces, size, old, after);
    const oldSize = opcodeBytes(this.#buf[at]!);
    const growth = size - oldSize;
    if (growth > 0 && this.#length + growth > sparseLimit) return false;
    if (this.#length + 8 > this.#buf.length) {
      const larger = new Uint8Array(this.#buf.length * 2);
      larger.set(this.#buf);
      this.#buf = larger;
    }
    const next = at + oldSize;
    if (growth !== 0 && next < this.#length) this.#buf.copyWithin(next + growth, next, this.#length);
    // In this order: the second byte of an XZERO that the value's end cuts off stays readable behind it.
    this.#setLength(this.#length + growth);
    for (let i = 0; i < size; i++) this.#buf[at + i] = pieces[i]!;
    return true;
  }

  /** Joins neighbouring VAL runs of one value, in the few opcodes that a change can have touched. */
  #mergeRuns(at: number): void {
    for (let steps = 5; steps > 0 && at < this.#length; steps--) {
      const code = this.#buf[at]!;
      if (code < 0x80) {
        at += opcodeBytes(code);
        continue;
      }
      const next = at + 1 < this.#length ? this.#buf[at + 1]! : 0;
      const joined = (code & 3) + (next & 3) + 2;
      if (next >= 0x80 && (code & 0x7c) === (next & 0x7c) && joined <= VAL_RUN_MAX) {
        this.#buf[at + 1] = valOpcode(runValue(code), joined);
        this.#buf.copyWithin(at, at + 1, this.#length);
        this.#setLength(this.#length - 1);
      } else {
        at++;
      }
    }
  }

  /** Keeps a zero byte after the end: a truncated XZERO opcode reads it as its second byte. */
  #setLength(length: number): void {
    this.#length = length;
    this.#buf[length] = 0;
  }
}

/**
 * The opcodes of a sparse value in words, as PFDEBUG DECODE prints them: "z:n" for ZERO, "Z:n" for XZERO and
 * "v:value,n" for VAL.
 */
export function describeSparse(buf: Uint8Array, start: number, end: number): string {
  const words: string[] = [];
  for (let at = start + HLL_HEADER_BYTES; at < end; at += opcodeBytes(buf[at]!)) {
    const code = buf[at]!;
    const run = runLength(buf, at, end);
    if (code >= 0x80) words.push(`v:${runValue(code)},${run}`);
    else words.push(`${isXzero(code) ? "Z" : "z"}:${run}`);
  }
  return words.join(" ");
}

const histogram = new Int32Array(64);
const scratchRegisters = new Uint8Array(HLL_REGISTERS);
/** The runs that replace a split one: at most XZERO, VAL, XZERO. */
const pieces = new Uint8Array(5);

let hashedIndex = 0;
let hashedRun = 0;

/** The register an element falls into and the value it offers: 1 + the zeros before the first one bit. */
function hashElement(element: Uint8Array, start: number, end: number): void {
  murmur64(element, start, end, HASH_SEED);
  const { hi, lo } = murmur;
  hashedIndex = lo & (HLL_REGISTERS - 1);
  const low = (lo >>> INDEX_BITS) | (hi << (32 - INDEX_BITS));
  // A one bit after the last keeps the run within the 50 bits.
  hashedRun = low !== 0
    ? 1 + trailingZeros(low)
    : 33 + trailingZeros((hi >>> INDEX_BITS) | (1 << (RUN_BITS - 32)));
}

function trailingZeros(v: number): number {
  return 31 - Math.clz32(v & -v);
}

function raiseDense(buf: Uint8Array, start: number, index: number, value: number): boolean {
  if (denseRegister(buf, start, index) >= value) return false;
  const bit = index * 6;
  const at = start + HLL_HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  buf[at] = (buf[at]! & ~(63 << shift)) | (value << shift);
  if (shift > 2) buf[at + 1] = (buf[at + 1]! & ~(63 >> (8 - shift))) | (value >> (8 - shift));
  return true;
}

/** Dense registers to one byte each: four of them lie in every three bytes. */
function unpackRegisters(buf: Uint8Array, start: number, registers: Uint8Array): void {
  let at = start + HLL_HEADER_BYTES;
  for (let i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
    const bits = buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16);
    registers[i] = bits & 63;
    registers[i + 1] = (bits >> 6) & 63;
    registers[i + 2] = (bits >> 12) & 63;
    registers[i + 3] = bits >> 18;
  }
}

function packRegisters(registers: Uint8Array, buf: Uint8Array, start: number): void {
  let at = start + HLL_HEADER_BYTES;
  for (let i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
    const bits = registers[i]! | (registers[i + 1]! << 6) | (registers[i + 2]! << 12) |
      (registers[i + 3]! << 18);
    buf[at] = bits;
    buf[at + 1] = bits >> 8;
    buf[at + 2] = bits >> 16;
  }
}

function isXzero(code: number): boolean {
  return (code & 0xc0) === 0x40;
}

function opcodeBytes(code: number): number {
  return isXzero(code) ? 2 : 1;
}

/** The value of a run's registers, 0 for ZERO and XZERO. */
function runValue(code: number): number {
  return code >= 0x80 ? ((code >> 2) & 31) + 1 : 0;
}

/** Registers that the opcode at `at` covers. An XZERO whose second byte lies beyond `end` has it as zero. */
function runLength(buf: Uint8Array, at: number, end = buf.length): number {
  const code = buf[at]!;
  if (code >= 0x80) return (code & 3) + 1;
  if (code < 0x40) return code + 1;
  return (((code & 63) << 8) | (at + 1 < end ? buf[at + 1]! : 0)) + 1;
}

function valOpcode(value: number, run: number): number {
  return 0x80 | ((value - 1) << 2) | (run - 1);
}

function putZeros(buf: Uint8Array, at: number, run: number): number {
  if (run <= ZERO_RUN_MAX) {
    buf[at] = run - 1;
    return 1;
  }
  buf[at] = 0x40 | ((run - 1) >> 8);
  buf[at + 1] = run - 1;
  return 2;
}

/** Writes the opcode of a run and returns its size. */
function putRun(buf: Uint8Array, at: number, value: number, run: number): number {
  if (value === 0) return putZeros(buf, at, run);
  buf[at] = valOpcode(value, run);
  return 1;
}

function mergeSparse(registers: Uint8Array, buf: Uint8Array, start: number, end: number): boolean {
  let index = 0;
  for (let at = start + HLL_HEADER_BYTES; at < end; at += opcodeBytes(buf[at]!)) {
    const run = runLength(buf, at, end);
    const value = runValue(buf[at]!);
    if (value === 0) {
      index += run;
      continue;
    }
    if (index + run > HLL_REGISTERS) return false;
    const after = index + run;
    for (; index < after; index++) {
      if (value > registers[index]!) registers[index] = value;
    }
  }
  return index === HLL_REGISTERS;
}

function sparseHistogram(buf: Uint8Array, start: number, end: number): boolean {
  let index = 0;
  for (let at = start + HLL_HEADER_BYTES; at < end; at += opcodeBytes(buf[at]!)) {
    const run = runLength(buf, at, end);
    histogram[runValue(buf[at]!)]! += run;
    index += run;
  }
  return index === HLL_REGISTERS;
}

/** alpha for an infinite number of registers, 1 / (2 ln 2). */
const ALPHA = 0.721347520444481703680;

/** The count from the histogram of register values. */
function estimate(): number | bigint {
  const m = HLL_REGISTERS;
  let z = m * tau((m - histogram[RUN_BITS + 1]!) / m);
  for (let value = RUN_BITS; value >= 1; value--) z = (z + histogram[value]!) * 0.5;
  z += m * sigma(histogram[0]! / m);
  const count = Math.round(ALPHA * m * m / z);
  if (Number.isSafeInteger(count)) return count;
  // Only made-up registers get here. What does not fit 64 bits converts to the smallest integer, as in C on x86.
  return count < 2 ** 63 ? BigInt(count) : -(2n ** 63n);
}

/** Corrects for registers that are still empty. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

/** Corrects for registers that are full. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}
