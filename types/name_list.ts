/**
 * Named things in the order of their names' bytes: the consumer groups of a stream, the consumers of a group.
 *
 * Redis keeps both in radix trees and lists them in byte order. There are few of them, they are looked up at every
 * XREADGROUP and XACK and rarely added, which a sorted array with binary search serves best.
 */
import { compareBytes } from "./bytes.ts";

/** Anything that has a name of its own. */
export interface Named {
  readonly name: Uint8Array;
}

/** A sorted list of named things; names are unique. */
export class NameList<T extends Named> {
  readonly #items: T[] = [];

  /** Number of items. */
  get size(): number {
    return this.#items.length;
  }

  /** The item at a position in the order of names, 0 <= index < size. */
  at(index: number): T {
    return this.#items[index]!;
  }

  /** The item of this name. */
  find(buf: Uint8Array, start: number, end: number): T | undefined {
    const at = this.#search(buf, start, end);
    return at < 0 ? undefined : this.#items[at];
  }

  /** Adds an item. @returns false, without a change, when its name is taken. */
  add(item: T): boolean {
    const at = this.#search(item.name, 0, item.name.length);
    if (at >= 0) return false;
    this.#items.splice(~at, 0, item);
    return true;
  }

  /** Removes an item of the list. */
  remove(item: T): void {
    this.#items.splice(this.#search(item.name, 0, item.name.length), 1);
  }

  /** Position of the name, or the complement of where it belongs. */
  #search(buf: Uint8Array, start: number, end: number): number {
    let low = 0, high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { name } = this.#items[middle]!;
      const order = compareBytes(name, 0, name.length, buf, start, end);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }
}
