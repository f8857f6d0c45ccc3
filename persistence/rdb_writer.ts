/**
 * Writing the primitives of the RDB format, and the records of a file that are no keys.
 *
 * The writer only fills a buffer. Who owns it (a snapshot, SAVE, DUMP, a resync) hands full buffers on with
 * {@link RdbWriter.drain}, so that the same code serves a payload of ten bytes and a file of ten gigabytes. Keys are
 * written by the modules in persistence/values/.
 */
import {
  copyBytes,
  formatInt,
  fromLatin1,
  MAX_INT64_DIGITS,
  parseInt64,
  writeI64,
  writeU32,
} from "../types/bytes.ts";
import { lzfCompress } from "../types/lzf.ts";
import { Crc64 } from "./crc64.ts";
import { PieceBuffer } from "./piece_buffer.ts";
import { COMPRESS_FROM_BYTES, Length, Op, RDB_VERSION, StringEncoding } from "./rdb_format.ts";

/** Strings up to this many bytes are tried as integers: the longest 32-bit integer has eleven. */
const INTEGER_BYTES = 11;

/** A growing buffer with the format's primitives. */
export class RdbWriter extends PieceBuffer {
  /** `rdbcompression`: whether strings are compressed where that makes them smaller. */
  compress: boolean;
  /** Bytes drained so far. */
  drained = 0;
  /** Null where `rdbchecksum` is off: the file then ends in eight zero bytes. */
  readonly #crc: Crc64 | null;
  readonly #digits = new Uint8Array(MAX_INT64_DIGITS);
  readonly #double = new DataView(new ArrayBuffer(8));

  /** @param capacity bytes after each {@link drain}. @param first bytes to begin with. */
  constructor(options: { compress: boolean; checksum: boolean; capacity?: number; first?: number }) {
    super(options.capacity ?? 4096, options.first);
    this.compress = options.compress;
    this.#crc = options.checksum ? new Crc64() : null;
  }

  /** Bytes written in all. */
  get written(): number {
    return this.drained + this.pending;
  }

  override drain(spare: Uint8Array | null = null): Uint8Array {
    const piece = super.drain(spare);
    this.#crc?.update(piece, 0, piece.length);
    this.drained += piece.length;
    return piece;
  }

  /** Room for `count` more bytes; returns where they go. The caller fills them. */
  room(count: number): number {
    const at = this.length;
    this.reserve(count);
    this.length = at + count;
    return at;
  }

  byte(value: number): void {
    const at = this.room(1);
    this.buf[at] = value;
  }

  /** Bytes as they are, without a length. */
  bytes(buf: Uint8Array, start: number, end: number): void {
    const at = this.room(end - start);
    copyBytes(buf, start, end, this.buf, at);
  }

  /** Four bytes, little-endian. */
  uint32(value: number): void {
    const at = this.room(4);
    writeU32(this.buf, at, value);
  }

  /** A time in milliseconds: eight bytes, little-endian. */
  millis(value: number | bigint): void {
    const at = this.room(8);
    writeI64(this.buf, at, value);
  }

  /** A binary double, little-endian. */
  double(value: number): void {
    this.#double.setFloat64(0, value, true);
    const at = this.room(8);
    for (let i = 0; i < 8; i++) this.buf[at + i] = this.#double.getUint8(i);
  }

  /** A length: a safe integer from 0 on. */
  lengthOf(value: number): void {
    if (value < 0x40) this.byte(value);
    else if (value < 0x4000) {
      const at = this.room(2);
      this.buf[at] = 0x40 | (value >>> 8);
      this.buf[at + 1] = value;
    } else if (value <= 0xffffffff) {
      this.byte(Length.BITS_32);
      this.#big32(value);
    } else {
      const high = Math.floor(value / 4294967296);
      this.byte(Length.BITS_64);
      this.#big32(high);
      this.#big32(value - high * 4294967296);
    }
  }

  /** A 64-bit unsigned number, written as a length. */
  length64(high: number, low: number): void {
    if (high === 0) return this.lengthOf(low >>> 0);
    this.byte(Length.BITS_64);
    this.#big32(high);
    this.#big32(low);
  }

  #big32(value: number): void {
    const at = this.room(4);
    this.buf[at] = value >>> 24;
    this.buf[at + 1] = value >>> 16;
    this.buf[at + 2] = value >>> 8;
    this.buf[at + 3] = value;
  }

  /** A string, as an integer where it spells one of 32 bits, else compressed where that is shorter, else as it is. */
  string(buf: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (size <= INTEGER_BYTES && this.#smallInteger(parseInt64(buf, start, end))) return;
    if (this.compress && size >= COMPRESS_FROM_BYTES && this.#compressed(buf, start, end)) return;
    this.plainString(buf, start, end);
  }

  /** A string as it is: its length and its bytes. */
  plainString(buf: Uint8Array, start: number, end: number): void {
    this.lengthOf(end - start);
    this.bytes(buf, start, end);
  }

  /** The decimal text of an integer, as a string. */
  integer(value: number | bigint): void {
    if (this.#smallInteger(value)) return;
    const size = formatInt(value, this.#digits, 0);
    this.plainString(this.#digits, 0, size);
  }

  /** A latin1 text as a string. */
  text(value: string): void {
    this.string(fromLatin1(value), 0, value.length);
  }

  #smallInteger(value: number | bigint | undefined): boolean {
    if (typeof value !== "number" || value < -2147483648 || value > 2147483647) return false;
    if (value >= -128 && value <= 127) {
      this.byte(Length.ENCODED | StringEncoding.INT8);
      this.byte(value);
    } else if (value >= -32768 && value <= 32767) {
      this.byte(Length.ENCODED | StringEncoding.INT16);
      this.byte(value);
      this.byte(value >> 8);
    } else {
      this.byte(Length.ENCODED | StringEncoding.INT32);
      this.uint32(value);
    }
    return true;
  }

  /** False, and nothing written, where compression does not save at least four bytes. */
  #compressed(buf: Uint8Array, start: number, end: number): boolean {
    const size = end - start;
    const before = this.length;
    const packedAt = this.room(size + 16) + 16;
    const packed = lzfCompress(buf, start, end, this.buf, packedAt, packedAt + size - 4);
    this.length = before;
    if (packed === 0) return false;
    this.compressedString(this.buf, packedAt, packedAt + packed, size);
    return true;
  }

  /** A string of `size` bytes of which only the compressed form is at hand (nodes of a compressed list). */
  compressedString(buf: Uint8Array, start: number, end: number, size: number): void {
    this.compressedHeader(end - start, size);
    const at = this.room(end - start);
    if (buf === this.buf) this.buf.copyWithin(at, start, end);
    else copyBytes(buf, start, end, this.buf, at);
  }

  /** What stands before a compressed form of `packed` bytes that stands for `size`. */
  compressedHeader(packed: number, size: number): void {
    this.byte(Length.ENCODED | StringEncoding.LZF);
    this.lengthOf(packed);
    this.lengthOf(size);
  }

  // -- Records of a file ----------------------------------------------------------------------------------------

  /** The first bytes of a file. */
  header(): void {
    const text = "REDIS" + String(RDB_VERSION).padStart(4, "0");
    this.bytes(fromLatin1(text), 0, text.length);
  }

  /** A note about the file: a name and a text or number. */
  aux(name: string, value: string | number): void {
    this.byte(Op.AUX);
    this.text(name);
    if (typeof value === "number") this.integer(value);
    else this.text(value);
  }

  /** A function library. */
  functionLibrary(source: Uint8Array): void {
    this.byte(Op.FUNCTION2);
    this.string(source, 0, source.length);
  }

  /** The keys that follow are in this database: so many, of which so many expire. */
  selectDatabase(index: number, keys: number, expiring: number): void {
    this.byte(Op.SELECT_DB);
    this.lengthOf(index);
    this.byte(Op.RESIZE_DB);
    this.lengthOf(keys);
    this.lengthOf(expiring);
  }

  /** The end of a file, when no piece is set aside any more: drain once more after it. */
  end(): void {
    this.byte(Op.EOF);
    if (this.#crc === null) return void this.room(8);
    this.#crc.update(this.buf, 0, this.length);
    const at = this.room(8);
    this.#crc.writeTo(this.buf, at);
  }
}
