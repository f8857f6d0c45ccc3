/**
 * `table.sort`. Where elements are equal, or the comparison makes no sense, the result shows the algorithm, so it is
 * PUC's: quicksort with the middle of three as pivot, the smaller part first.
 *
 * It is turned inside out: the sort asks "does `a` come before `b`?" and is told. So the comparison may be a function
 * of the script, with a generator around the whole sort and not around each step of it.
 */

import { hostError } from "./error.ts";
import type { LuaTable } from "./table.ts";
import type { LuaValue } from "./value.ts";

/** Which question was asked last. */
const enum Asked {
  /** Last element before first? */
  Ends,
  /** Middle before first? */
  MiddleLow,
  /** Last before middle? */
  MiddleHigh,
  /** Element from the left before the pivot? */
  Up,
  /** Pivot before the element from the right? */
  Down,
}

/** A sort under way; see the file comment. */
export class Sorting {
  /** The question: does `a` come before `b`? */
  a: LuaValue;
  b: LuaValue;
  /** There is a question. */
  asking = true;

  readonly #table: LuaTable;
  /** Ranges still to be sorted, ends in pairs. */
  readonly #ranges: number[];
  #asked = Asked.Ends;
  #low = 0;
  #high = 0;
  #middle = 0;
  #i = 0;
  #j = 0;
  #pivot: LuaValue;

  /** Sorts elements 1 to `n`. */
  constructor(table: LuaTable, n: number) {
    this.#table = table;
    this.#ranges = [1, n];
    this.#nextRange();
  }

  /** Takes the answer to the question and asks the next. @throws LuaError where the answers contradict each other */
  answer(yes: boolean): void {
    switch (this.#asked) {
      case Asked.Ends:
        if (yes) this.#exchange(this.#low, this.#high);
        if (this.#high - this.#low === 1) return this.#nextRange();
        this.#middle = Math.floor((this.#low + this.#high) / 2);
        return this.#ask(Asked.MiddleLow, this.#at(this.#middle), this.#at(this.#low));
      case Asked.MiddleLow:
        if (!yes) return this.#ask(Asked.MiddleHigh, this.#at(this.#high), this.#at(this.#middle));
        this.#exchange(this.#middle, this.#low);
        return this.#startPartition();
      case Asked.MiddleHigh:
        if (yes) this.#exchange(this.#middle, this.#high);
        return this.#startPartition();
      case Asked.Up:
        if (!yes) return this.#ask(Asked.Down, this.#pivot, this.#at(--this.#j));
        if (this.#i > this.#high) throw hostError("invalid order function for sorting");
        return this.#ask(Asked.Up, this.#at(++this.#i), this.#pivot);
      case Asked.Down:
        if (yes) {
          if (this.#j < this.#low) throw hostError("invalid order function for sorting");
          return this.#ask(Asked.Down, this.#pivot, this.#at(--this.#j));
        }
        if (this.#j < this.#i) return this.#endPartition();
        this.#exchange(this.#i, this.#j);
        return this.#ask(Asked.Up, this.#at(++this.#i), this.#pivot);
    }
  }

  #ask(asked: Asked, a: LuaValue, b: LuaValue): void {
    this.#asked = asked;
    this.a = a;
    this.b = b;
  }

  /** Goes on with a range of at least two elements, if there is one. */
  #nextRange(): void {
    const ranges = this.#ranges;
    while (ranges.length > 0) {
      this.#high = ranges.pop()!;
      this.#low = ranges.pop()!;
      if (this.#low < this.#high) return this.#ask(Asked.Ends, this.#at(this.#high), this.#at(this.#low));
    }
    this.asking = false;
  }

  /** The ends and the middle are in order: the middle is the pivot, and is put before the last. */
  #startPartition(): void {
    if (this.#high - this.#low === 2) return this.#nextRange();
    this.#pivot = this.#at(this.#middle);
    this.#exchange(this.#middle, this.#high - 1);
    this.#i = this.#low + 1;
    this.#j = this.#high - 1;
    this.#ask(Asked.Up, this.#at(this.#i), this.#pivot);
  }

  /** The pivot goes to its place; PUC sorts the smaller part before the larger. */
  #endPartition(): void {
    const split = this.#i;
    this.#exchange(this.#high - 1, split);
    const left = [this.#low, split - 1], right = [split + 1, this.#high];
    if (split - this.#low < this.#high - split) this.#ranges.push(...right, ...left);
    else this.#ranges.push(...left, ...right);
    this.#nextRange();
  }

  #at(i: number): LuaValue {
    return this.#table.getNumber(i);
  }

  #exchange(i: number, j: number): void {
    const table = this.#table;
    const value = table.getNumber(i);
    table.setNumber(i, table.getNumber(j));
    table.setNumber(j, value);
  }
}
