/**
 * Reading an RDB file: the records that surround keys, of every version from 1 to 12.
 *
 * The reader walks the file and tells a handler what it finds; it knows nothing of the keyspace. It advances one
 * record per {@link RdbReader.next}, so that whoever drives it can stop after a few milliseconds and let the event
 * loop answer "LOADING". Values are read by the handler, from the same input (persistence/values/).
 *
 * Source: the format as redis-server writes it, from the notes in rdb_format.ts.
 */
import { copyBytes, latin1 } from "../types/bytes.ts";
import {
  ModuleOp,
  Op,
  RDB_CHECKSUM_VERSION,
  RDB_HEADER_BYTES,
  RDB_NEWEST_VERSION,
  RdbType,
} from "./rdb_format.ts";
import { RdbError, type RdbInput } from "./rdb_input.ts";

/** What stands before a key. */
export interface KeyAttributes {
  /** Unix time in milliseconds at which the key goes; -1 for never. */
  expiry: number | bigint;
  /** Seconds since the key was used; -1 where the file does not say. */
  idle: number;
  /** LFU counter; -1 where the file does not say. */
  frequency: number;
}

/** What to do with the records of a file. */
export interface RdbHandler {
  /** A note about the file. */
  aux(name: string, value: string): void;
  /** The source text of a function library. */
  functionLibrary(source: Uint8Array, at: number): void;
  /** The keys that follow are in this database; may throw. */
  selectDatabase(index: number, at: number): void;
  /** How many keys and expiring keys follow: a hint. */
  resize(keys: number, expiring: number): void;
  /**
   * The key `buf[0, length)`, valid during the call. Its value of this type is next in the input and must be read,
   * whatever becomes of the key.
   */
  key(input: RdbInput, type: number, buf: Uint8Array, length: number, attributes: KeyAttributes): void;
}

/** What is wrong where the first bytes are not those of an RDB file. */
export const NOT_AN_RDB = "Wrong signature trying to load DB from file";

/** Module ids hold nine characters of six bits each, above ten bits of version. */
const MODULE_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Walks a file. */
export class RdbReader {
  /** 1 to 12; 0 before {@link begin}. */
  version = 0;
  /** False: the checksum at the end is read and not compared (`rdbchecksum no`). */
  verify: boolean;
  /** The file has ended and has no checksum, though one was looked for. */
  isUnchecked = false;
  readonly input: RdbInput;
  readonly #handler: RdbHandler;
  #key = new Uint8Array(256);
  readonly #attributes: KeyAttributes = { expiry: -1, idle: -1, frequency: -1 };

  constructor(input: RdbInput, handler: RdbHandler, options: { verify: boolean }) {
    this.input = input;
    this.#handler = handler;
    this.verify = options.verify;
  }

  /** Reads the header. */
  begin(): void {
    const at = this.input.take(RDB_HEADER_BYTES);
    const text = latin1(this.input.buf, at, at + RDB_HEADER_BYTES);
    if (!text.startsWith("REDIS")) throw new RdbError(NOT_AN_RDB, 0);
    const version = /^REDIS\d{4}$/.test(text) ? Number(text.slice(5)) : 0;
    if (version < 1 || version > RDB_NEWEST_VERSION) {
      throw new RdbError(`Can't handle RDB format version ${parseInt(text.slice(5)) || 0}`, 5);
    }
    this.version = version;
  }

  /** Reads one record, a key with its value counting as one. False at the end, whose checksum then was right. */
  next(): boolean {
    const input = this.input;
    input.mark();
    const recordAt = input.offset;
    const opcode = input.byte();
    switch (opcode) {
      case Op.EOF:
        this.#end();
        return false;
      case Op.AUX: {
        const name = textOf(input);
        this.#handler.aux(name, textOf(input));
        return true;
      }
      case Op.SELECT_DB:
        this.#handler.selectDatabase(input.length(), recordAt);
        return true;
      case Op.RESIZE_DB: {
        // Whatever these say, no more keys can come than two bytes each: type and an empty key's length.
        const most = Math.floor(input.remaining / 2);
        const keys = input.length();
        this.#handler.resize(Math.min(keys, most), Math.min(input.length(), most));
        return true;
      }
      case Op.SLOT_INFO:
        for (let i = 0; i < 3; i++) input.length();
        return true;
      case Op.FUNCTION2:
        this.#handler.functionLibrary(input.stringCopy(), recordAt);
        return true;
      case Op.FUNCTION_PRE_GA:
        return input.fail("Pre-release function format not supported", 1);
      case Op.MODULE_AUX:
        this.#skipModuleAux();
        return true;
      default:
        this.#readKey(opcode);
        return true;
    }
  }

  /** A key, which begins with its attributes in any order or with its type. */
  #readKey(first: number): void {
    const input = this.input;
    const attributes = this.#attributes;
    attributes.expiry = attributes.idle = attributes.frequency = -1;
    let type = first;
    for (;; type = input.byte()) {
      if (type === Op.EXPIRE_MS) attributes.expiry = input.int64();
      else if (type === Op.EXPIRE_SECONDS) attributes.expiry = input.int32() * 1000;
      else if (type === Op.IDLE) attributes.idle = input.length();
      else if (type === Op.FREQ) attributes.frequency = input.byte();
      else break;
    }
    if (type > RdbType.HASH_LISTPACK_EX) input.fail(`unknown record type ${type}`, 1);
    const span = input.string();
    const length = span.end - span.start;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    copyBytes(span.buf, span.start, span.end, this.#key, 0);
    this.#handler.key(input, type, this.#key, length, attributes);
  }

  #end(): void {
    if (this.version < RDB_CHECKSUM_VERSION) return;
    const at = this.input.offset;
    const sum = this.input.checksum();
    if (sum === "wrong" && this.verify) throw new RdbError("Wrong RDB checksum", at);
    this.isUnchecked = sum === "absent" && this.verify;
  }

  /** What a module saved beside its keys: there are no modules here, and nothing of the data set is in it. */
  #skipModuleAux(): void {
    const input = this.input;
    input.length64();
    if (input.length() !== ModuleOp.UINT) input.fail("damaged module data");
    input.length64();
    skipModuleValue(input);
  }
}

/** Steps over what a module wrote. */
export function skipModuleValue(input: RdbInput): void {
  for (;;) {
    const op = input.length();
    switch (op) {
      case ModuleOp.EOF:
        return;
      case ModuleOp.SINT:
      case ModuleOp.UINT:
        input.length64();
        break;
      case ModuleOp.FLOAT:
        input.skip(4);
        break;
      case ModuleOp.DOUBLE:
        input.skip(8);
        break;
      case ModuleOp.STRING:
        input.skipString();
        break;
      default:
        input.fail(`unknown part ${op} of module data`);
    }
  }
}

/** The name of the module type that wrote a value with this id. */
export function moduleTypeName(id: bigint): string {
  let name = "";
  for (let i = 0; i < 9; i++) name += MODULE_NAME_CHARACTERS[Number((id >> BigInt(58 - 6 * i)) & 63n)]!;
  return name;
}

function textOf(input: RdbInput): string {
  const span = input.string();
  return latin1(span.buf, span.start, span.end);
}
