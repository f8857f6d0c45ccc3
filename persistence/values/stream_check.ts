/**
 * Checks one node of a stream before it is kept: that the reader in types/stream_reader.ts can walk it in either
 * direction without leaving it, that its counts are true, and that its IDs rise.
 */
import { EMPTY_BYTES } from "../../types/bytes.ts";
import { LP_END, LP_HEADER, lpInt, lpIsInt, lpSkip, lpValidate } from "../../types/listpack.ts";
import { StreamId } from "../../types/stream_id.ts";
import { DELETED, SAME_FIELDS } from "../../types/stream_reader.ts";

/** Thrown and caught within this file only. */
class Damaged extends Error {}

/** Reused for all nodes of a stream. */
export class StreamNodeCheck {
  /** Live entries of the node that was checked last. */
  live = 0;
  /** ID of its last entry, live or deleted. */
  readonly lastId = new StreamId();
  #buf: Uint8Array = EMPTY_BYTES;
  #p = 0;

  /**
   * Checks the node `buf[start, end)` with this key. `after` is the last ID of the node before.
   *
   * @returns what is wrong, or null.
   */
  run(buf: Uint8Array, start: number, end: number, key: StreamId, after: StreamId | null): string | null {
    if (!lpValidate(buf, start, end, true)) return "damaged listpack of a stream";
    this.#buf = buf;
    this.#p = start + LP_HEADER;
    try {
      this.#check(key, after);
    } catch (error) {
      if (error instanceof Damaged) return `damaged stream node: ${error.message}`;
      throw error;
    }
    return null;
  }

  #check(key: StreamId, after: StreamId | null): void {
    const live = this.#int(), deleted = this.#int();
    const masterFields = this.#int();
    for (let i = 0; i < masterFields; i++) this.#skip();
    if (this.#int() !== 0) throw new Damaged("its first entry does not end in 0");
    let seenLive = 0, seenDeleted = 0;
    if (after !== null) this.lastId.copy(after);
    else this.lastId.setZero();
    while (this.#buf[this.#p] !== LP_END) {
      if (this.#entry(key, masterFields, seenLive + seenDeleted > 0 || after !== null)) seenDeleted++;
      else seenLive++;
    }
    if (seenLive + seenDeleted === 0) throw new Damaged("it has no entries");
    if (seenLive !== live || seenDeleted !== deleted) throw new Damaged("its counts are wrong");
    this.live = live;
  }

  /** Checks one entry; true if it is deleted. */
  #entry(key: StreamId, masterFields: number, hasPrevious: boolean): boolean {
    const flags = this.#int();
    const ms = addDifference(key.msHi, key.msLo, this.#difference());
    const seq = addDifference(key.seqHi, key.seqLo, this.#difference());
    const id = new StreamId().assign(
      Number(ms >> 32n),
      Number(ms & 0xffffffffn),
      Number(seq >> 32n),
      Number(seq & 0xffffffffn),
    );
    if (hasPrevious && id.compare(this.lastId) <= 0) throw new Damaged("its IDs do not rise");
    this.lastId.copy(id);
    const same = (flags & SAME_FIELDS) !== 0;
    const fields = same ? masterFields : this.#int();
    const elements = same ? fields : fields * 2;
    for (let i = 0; i < elements; i++) this.#skip();
    if (this.#int() !== elements + (same ? 3 : 4)) throw new Damaged("an entry miscounts its elements");
    return (flags & DELETED) !== 0;
  }

  /** A count: an integer from 0 on. */
  #int(): number {
    const value = this.#difference();
    if (typeof value !== "number" || value < 0) throw new Damaged("a count is none");
    return value;
  }

  #difference(): number | bigint {
    const p = this.#p;
    if (this.#buf[p] === LP_END || !lpIsInt(this.#buf, p)) throw new Damaged("an integer is missing");
    this.#p = lpSkip(this.#buf, p);
    return lpInt(this.#buf, p);
  }

  #skip(): void {
    if (this.#buf[this.#p] === LP_END) throw new Damaged("an element is missing");
    this.#p = lpSkip(this.#buf, this.#p);
  }
}

function addDifference(hi: number, lo: number, difference: number | bigint): bigint {
  return BigInt.asUintN(64, ((BigInt(hi) << 32n) | BigInt(lo)) + BigInt(difference));
}
