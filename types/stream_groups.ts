/**
 * Consumer groups: who has been given which entries of a stream and has not acknowledged them yet.
 *
 * The group's table holds one row for each pending entry: when it was delivered last, how often, and to whom. Each
 * consumer has a table of just its IDs, so that its history and XPENDING by consumer are ranges as well. A row names
 * its consumer by a small number, its slot, because rows are words (see id_table.ts).
 */
import { ID_WORDS, IdCursor, IdTable, type Meter, type Reading } from "./id_table.ts";
import { NameList } from "./name_list.ts";
import { StreamId } from "./stream_id.ts";
import { int64, TWO_32 } from "./u64.ts";

/** Words of a group's row behind the ID. */
const TIME_HI = ID_WORDS, TIME_LO = ID_WORDS + 1, COUNT_HI = ID_WORDS + 2, COUNT_LO = ID_WORDS + 3;
const SLOT = ID_WORDS + 4;
const EXTRA_WORDS = 5;

/** What a group and a consumer cost beside names and rows: objects, tables, their share of lists. */
const GROUP_OVERHEAD = 600, CONSUMER_OVERHEAD = 330;

/** `entriesRead` of a group whose number of entries read so far cannot be told. */
export const UNKNOWN_ENTRIES_READ = -1;

/** A member of a group. */
export class Consumer {
  readonly name: Uint8Array;
  /** Unix time in milliseconds of its last command. */
  seenTime: number;
  /** IDs of its pending entries. */
  readonly pending: IdTable;
  /** Its number in the rows of the group. */
  readonly slot: number;

  constructor(name: Uint8Array, seenTime: number, slot: number, pending: IdTable) {
    this.name = name;
    this.seenTime = seenTime;
    this.slot = slot;
    this.pending = pending;
  }
}

/** A consumer group of one stream. */
export class ConsumerGroup {
  readonly name: Uint8Array;
  /** The last entry that was delivered to anyone. */
  readonly lastId = new StreamId();
  /** How many entries of the stream, counted from its very first one, precede or are `lastId`; signed 64 bits. */
  entriesRead: number | bigint = UNKNOWN_ENTRIES_READ;
  readonly consumers = new NameList<Consumer>();
  /** The pending entries. Rows are read and changed through the methods here that take a cursor. */
  readonly pending: IdTable;
  readonly #slots: (Consumer | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #meter: Meter;
  readonly #scratch = new IdCursor();

  constructor(name: Uint8Array, meter: Meter, pending: IdTable = new IdTable(EXTRA_WORDS, meter)) {
    this.name = name;
    this.#meter = meter;
    this.pending = pending;
    meter.bytes += GROUP_OVERHEAD + name.length;
  }

  /** Adds a consumer. @param name is kept. @returns undefined when there is one of this name. */
  createConsumer(name: Uint8Array, seenTime: number): Consumer | undefined {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const consumer = new Consumer(name, seenTime, slot, new IdTable(0, this.#meter));
    if (!this.consumers.add(consumer)) {
      this.#freeSlots.push(slot);
      return undefined;
    }
    this.#slots[slot] = consumer;
    this.#meter.bytes += CONSUMER_OVERHEAD + name.length;
    return consumer;
  }

  /** Removes a consumer and forgets its pending entries. @returns how many those were. */
  deleteConsumer(consumer: Consumer): number {
    const count = consumer.pending.size;
    const cursor = new IdCursor();
    const id = new StreamId();
    for (let ok = consumer.pending.seekFirst(cursor); ok; ok = consumer.pending.next(cursor)) {
      this.pending.delete(cursor.readId(id), this.#scratch);
    }
    consumer.pending.clear();
    this.consumers.remove(consumer);
    this.#slots[consumer.slot] = undefined;
    this.#freeSlots.push(consumer.slot);
    this.#meter.bytes -= CONSUMER_OVERHEAD + consumer.name.length;
    return count;
  }

  /** Gives back the memory of everything in the group, which is about to be dropped. */
  clear(): void {
    this.pending.clear();
    this.#meter.bytes -= GROUP_OVERHEAD + this.name.length;
    for (let i = 0; i < this.consumers.size; i++) {
      const consumer = this.consumers.at(i);
      consumer.pending.clear();
      this.#meter.bytes -= CONSUMER_OVERHEAD + consumer.name.length;
    }
  }

  /**
   * Makes the entry pending for this consumer, whoever had it, as delivered once at `time` (Unix milliseconds). The
   * cursor ends up on its row.
   */
  deliver(id: StreamId, consumer: Consumer, time: number, cursor: IdCursor): void {
    const isNew = this.pending.insert(id, cursor);
    this.setDelivery(cursor, time, 1);
    if (!isNew) return this.assign(id, consumer, cursor);
    cursor.words[cursor.base + SLOT] = consumer.slot;
    consumer.pending.insert(id, this.#scratch);
  }

  /** Copies consumers and pending entries into a group that has none. */
  cloneInto(copy: ConsumerGroup): void {
    const from = new IdCursor();
    const to = new IdCursor();
    const id = new StreamId();
    for (let i = 0; i < this.consumers.size; i++) {
      const consumer = this.consumers.at(i);
      copy.createConsumer(consumer.name, consumer.seenTime);
    }
    for (let ok = this.pending.seekFirst(from); ok; ok = this.pending.next(from)) {
      const { name } = this.owner(from);
      const time = this.deliveryTime(from);
      copy.deliver(from.readId(id), copy.consumers.find(name, 0, name.length)!, time, to);
      copy.setDelivery(to, time, this.deliveryCount(from));
    }
  }

  /** The group as it is now, until the reading is over, whatever happens to this one. */
  freeze(reading: Reading): ConsumerGroup {
    const frozen = new ConsumerGroup(this.name, { bytes: 0 }, this.pending.freeze(reading));
    frozen.lastId.copy(this.lastId);
    frozen.entriesRead = this.entriesRead;
    for (let i = 0; i < this.consumers.size; i++) {
      const { name, seenTime, slot, pending } = this.consumers.at(i);
      const consumer = new Consumer(name, seenTime, slot, pending.freeze(reading));
      frozen.consumers.add(consumer);
      frozen.#slots[slot] = consumer;
    }
    return frozen;
  }

  /** Hands the pending entry at the cursor over to a consumer. */
  assign(id: StreamId, consumer: Consumer, cursor: IdCursor): void {
    const owner = this.owner(cursor);
    if (owner === consumer) return;
    owner.pending.delete(id, this.#scratch);
    consumer.pending.insert(id, this.#scratch);
    this.pending.open(cursor);
    cursor.words[cursor.base + SLOT] = consumer.slot;
  }

  /** Forgets a pending entry. @returns false when it was not pending. */
  acknowledge(id: StreamId, cursor: IdCursor): boolean {
    if (!this.pending.find(id, cursor)) return false;
    this.removePending(id, cursor);
    return true;
  }

  /** Forgets the pending entry at the cursor, which moves on. @returns false when it was the last row. */
  removePending(id: StreamId, cursor: IdCursor): boolean {
    this.owner(cursor).pending.delete(id, this.#scratch);
    return this.pending.deleteAt(cursor);
  }

  /** The consumer that has the entry at the cursor. */
  owner(cursor: IdCursor): Consumer {
    return this.#slots[cursor.words[cursor.base + SLOT]!]!;
  }

  /** Unix time in milliseconds of the last delivery of the entry at the cursor. */
  deliveryTime(cursor: IdCursor): number {
    const { words, base } = cursor;
    return (words[base + TIME_HI]! | 0) * TWO_32 + words[base + TIME_LO]!;
  }

  /** How often the entry at the cursor was delivered; 64 bits, shown as signed. */
  deliveryCount(cursor: IdCursor): number | bigint {
    const { words, base } = cursor;
    return int64(words[base + COUNT_HI]!, words[base + COUNT_LO]!);
  }

  /** Sets both; the count is taken modulo 2^64. */
  setDelivery(cursor: IdCursor, time: number, count: number | bigint): void {
    this.setDeliveryTime(cursor, time);
    const { words, base } = cursor;
    if (typeof count === "number") {
      words[base + COUNT_HI] = Math.floor(count / TWO_32);
      words[base + COUNT_LO] = count;
    } else {
      words[base + COUNT_HI] = Number((count >> 32n) & 0xffffffffn);
      words[base + COUNT_LO] = Number(count & 0xffffffffn);
    }
  }

  setDeliveryTime(cursor: IdCursor, time: number): void {
    this.pending.open(cursor);
    const { words, base } = cursor;
    words[base + TIME_HI] = Math.floor(time / TWO_32);
    words[base + TIME_LO] = time;
  }

  /** Counts one more delivery of the entry at the cursor. */
  countDelivery(cursor: IdCursor): void {
    this.pending.open(cursor);
    const { words, base } = cursor;
    words[base + COUNT_LO]!++;
    if (words[base + COUNT_LO] === 0) words[base + COUNT_HI]!++;
  }
}
