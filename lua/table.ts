/**
 * The table. Two things are visible of how PUC Lua 5.1 lays one out: the order in which `pairs` walks it, and which
 * border `#` finds where an array has holes. Scripts hang on both without knowing (`cjson.encode` of a table prints
 * that order), and in PUC both follow from the keys alone, apart from keys that are objects. So the layout here is
 * the same: an array part whose capacity is the largest power of two that is more than half used, and a hash part of
 * chained nodes, with PUC's hash functions, collision rule and moments of rehashing.
 *
 * Removing is assigning nil, which also makes a node where there was none, as in PUC: the node keeps its key, so a
 * traversal goes on from there, until the next rehash.
 *
 * `get` and `set` are raw: no metamethod is called.
 */

import { LuaError } from "./error.ts";
import { Addressed, type LuaValue } from "./value.ts";

/** More than 2^26 elements in one part are refused, as PUC refuses them. */
const MAX_BITS = 26;

/** The array part of a table without one, shared. */
const NO_ITEMS: LuaValue[] = [];

/** The hash part of a table without one, shared: one node that is never filled. */
const NO_KEYS: LuaValue[] = [undefined];
const NO_VALUES: LuaValue[] = [undefined];
const NO_LINKS: number[] = [-1];

const doubles = new Float64Array(1);
const halves = new Uint32Array(doubles.buffer);

/** PUC's hash of a string, with Redis's change: all of its bytes count. As a signed 32-bit integer. */
export function stringHash(text: string): number {
  let hash = text.length;
  for (let i = hash - 1; i >= 0; i--) hash ^= (hash << 5) + (hash >>> 2) + text.charCodeAt(i);
  return hash;
}

/** See the file comment. */
export class LuaTable extends Addressed {
  metatable: LuaTable | undefined = undefined;
  /** Redis's extension: any attempt to change this table, its metatable too, is an error. */
  readonly = false;

  /** Elements 1 to `items.length`; those up to `capacity` that are missing are nil. No such key is in the hash. */
  items: LuaValue[] = NO_ITEMS;
  capacity: number;
  /** No nil in `items`: its length is the border. */
  #dense = true;

  #keys: LuaValue[] = NO_KEYS;
  #values: LuaValue[] = NO_VALUES;
  /** Node that follows in the chain, -1 at its end. */
  #links: number[] = NO_LINKS;
  #mask = 0;
  /** Nodes from here on were taken; free ones are looked for downwards. */
  #free = 0;

  /** @param arraySize, hashSize room made beforehand; they show in the order of `pairs`, as in PUC */
  constructor(arraySize = 0, hashSize = 0) {
    super();
    this.capacity = arraySize;
    if (hashSize > 0) this.#makeNodes(hashSize);
  }

  /** The value of any key; undefined for none. */
  get(key: LuaValue): LuaValue {
    if (typeof key === "string") return this.getStr(key);
    if (typeof key === "number") return this.getNumber(key);
    if (key === undefined) return undefined;
    const i = this.#find(key);
    return i < 0 ? undefined : this.#values[i];
  }

  /** The value of a string key. @param hash `stringHash(key)`, where it is known */
  getStr(key: string, hash: number = stringHash(key)): LuaValue {
    const keys = this.#keys;
    let i = hash & this.#mask;
    do {
      if (keys[i] === key) return this.#values[i];
      i = this.#links[i]!;
    } while (i >= 0);
    return undefined;
  }

  /** The value of a number key, an integer or not. */
  getNumber(key: number): LuaValue {
    const items = this.items;
    if (key > 0 && key <= items.length) {
      if (Math.floor(key) === key) return items[key - 1];
    } else if (this.#keys === NO_KEYS) return undefined;
    const i = this.#find(key);
    return i < 0 ? undefined : this.#values[i];
  }

  /**
   * Assigns; undefined removes.
   * @throws LuaError where the table is readonly, or the key nil or NaN; without position
   */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === "string") this.setStr(key, value);
    else if (typeof key === "number") this.setNumber(key, value);
    else {
      if (key === undefined) throw new LuaError("table index is nil");
      if (this.readonly) this.refuse();
      this.#assign(key, value, this.#find(key));
    }
  }

  /** Assigns to a string key; see `set`. */
  setStr(key: string, value: LuaValue, hash: number = stringHash(key)): void {
    if (this.readonly) this.refuse();
    const keys = this.#keys;
    let i = hash & this.#mask;
    do {
      if (keys[i] === key) {
        this.#values[i] = value;
        return;
      }
      i = this.#links[i]!;
    } while (i >= 0);
    this.#insert(key, value, hash);
  }

  /** Assigns to a number key; see `set`. */
  setNumber(key: number, value: LuaValue): void {
    if (this.readonly) this.refuse();
    const items = this.items;
    if (key > 0 && key <= this.capacity && Math.floor(key) === key) {
      if (key <= items.length && value !== undefined) items[key - 1] = value;
      else this.#setItem(key, value);
      return;
    }
    if (key !== key) throw new LuaError("table index is NaN");
    this.#assign(key, value, this.#find(key));
  }

  /** Makes room for `n` elements in the array part, as a table constructor does before it fills in a list. */
  reserve(n: number): void {
    if (n > this.capacity) this.#resize(n, this.#keys === NO_KEYS ? 0 : this.#mask + 1);
  }

  /** Raises the error of a readonly table. */
  refuse(): never {
    throw new LuaError("Attempt to modify a readonly table");
  }

  /** The length operator: a border, the one that PUC finds. */
  length(): number {
    const items = this.items;
    const { capacity } = this;
    if (capacity > 0 && (items.length < capacity || items[capacity - 1] === undefined)) {
      if (this.#dense) return items.length;
      return this.#border(0, capacity);
    }
    if (this.#keys === NO_KEYS) return capacity;
    let from = capacity;
    let to = capacity + 1;
    while (this.getNumber(to) !== undefined) {
      from = to;
      to *= 2;
      if (to > 0x7ffffffd) {
        to = 1; // made to mislead the search: count instead
        while (this.getNumber(to) !== undefined) to++;
        return to - 1;
      }
    }
    return this.#border(from, to);
  }

  /** The largest positive number among the keys, 0 for none (`table.maxn`). */
  largestNumber(): number {
    let largest = 0;
    for (let i = this.nextIndex(-1); i >= 0; i = this.nextIndex(i)) {
      const key = this.keyAt(i);
      if (typeof key === "number" && key > largest) largest = key;
    }
    return largest;
  }

  /**
   * Traversal. Places are numbered, the array part first; a place stays valid while existing keys are assigned to.
   * @returns the first place after `i` that holds a value (-1 to start), -1 at the end
   */
  nextIndex(i: number): number {
    const items = this.items;
    for (i++; i < items.length; i++) if (items[i] !== undefined) return i;
    const { capacity } = this;
    const values = this.#values;
    for (let node = Math.max(i - capacity, 0); node < values.length; node++) {
      if (values[node] !== undefined) return node + capacity;
    }
    return -1;
  }

  /** The key at a place. */
  keyAt(i: number): LuaValue {
    return i < this.capacity ? i + 1 : this.#keys[i - this.capacity];
  }

  /** The value at a place. */
  valueAt(i: number): LuaValue {
    return i < this.capacity ? this.items[i] : this.#values[i - this.capacity];
  }

  /** The place of a key, also of one that was removed during the traversal; -1 for nil. @throws LuaError */
  indexOf(key: LuaValue): number {
    if (key === undefined) return -1;
    if (typeof key === "number" && key > 0 && key <= this.capacity && Math.floor(key) === key) return key - 1;
    const i = this.#find(key);
    if (i < 0) throw new LuaError("invalid key to 'next'");
    return i + this.capacity;
  }

  /** The node of a key, -1 for none. Numbers of the array part are not looked for. */
  #find(key: LuaValue): number {
    const keys = this.#keys;
    let i = this.#home(key);
    do {
      if (keys[i] === key) return i;
      i = this.#links[i]!;
    } while (i >= 0);
    return -1;
  }

  /** The node where a key belongs. */
  #home(key: LuaValue): number {
    switch (typeof key) {
      case "string":
        return stringHash(key) & this.#mask;
      case "number":
        if (key === 0) return 0; // both zeros
        doubles[0] = key;
        return ((halves[0]! + halves[1]!) >>> 0) % (this.#mask | 1);
      case "boolean":
        return (key ? 1 : 0) & this.#mask;
      case "undefined":
        return 0;
    }
    return (key.address >>> 0) % (this.#mask | 1);
  }

  #assign(key: LuaValue, value: LuaValue, node: number): void {
    if (node >= 0) this.#values[node] = value;
    else this.#insert(key, value, typeof key === "string" ? stringHash(key) : 0);
  }

  /** Assigns within the array part, where it makes or fills a hole or appends. */
  #setItem(key: number, value: LuaValue): void {
    if (this.items === NO_ITEMS) this.items = [];
    const items = this.items;
    if (key > items.length) {
      if (value === undefined) return;
      if (items.length < key - 1) this.#dense = false;
      while (items.length < key - 1) items.push(undefined);
      items.push(value);
    } else if (key === items.length) {
      items.pop();
      if (this.#dense) return;
      while (items.length > 0 && items[items.length - 1] === undefined) items.pop();
      if (items.length === 0) this.#dense = true;
    } else {
      items[key - 1] = undefined;
      this.#dense = false;
    }
  }

  /** Halves the gap between an element that is there (or 0) and one that is not until they are neighbours. */
  #border(from: number, to: number): number {
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (this.getNumber(middle) === undefined) to = middle;
      else from = middle;
    }
    return from;
  }

  /**
   * Puts a key that is not there. Its own node taken: by a key that is there by collision, that one moves away; by
   * one at home, the new key goes to a free node. No free node: the table is laid out anew.
   */
  #insert(key: LuaValue, value: LuaValue, hash: number): void {
    const keys = this.#keys, values = this.#values, links = this.#links;
    let node = typeof key === "string" ? hash & this.#mask : this.#home(key);
    if (values[node] !== undefined || keys === NO_KEYS) {
      const free = this.#takeFree();
      if (free < 0) {
        this.#rehash(key);
        this.set(key, value);
        return;
      }
      const home = this.#home(keys[node]);
      if (home !== node) {
        let before = home;
        while (links[before] !== node) before = links[before]!;
        links[before] = free;
        keys[free] = keys[node];
        values[free] = values[node];
        links[free] = links[node]!;
        links[node] = -1;
      } else {
        links[free] = links[node]!;
        links[node] = free;
        node = free;
      }
    }
    keys[node] = key;
    values[node] = value;
  }

  #takeFree(): number {
    const keys = this.#keys;
    while (this.#free > 0) {
      this.#free--;
      if (keys[this.#free] === undefined) return this.#free;
    }
    return -1;
  }

  /** Chooses the sizes of both parts for the keys that are there and `extra`, which is to come. */
  #rehash(extra: LuaValue): void {
    integersByPower.fill(0);
    const inArray = this.#countItems();
    let total = inArray;
    let integers = inArray;
    const values = this.#values, keys = this.#keys;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === undefined) continue;
      total++;
      integers += countKey(keys[i]);
    }
    total++;
    integers += countKey(extra);
    let below = 0, size = 0, used = 0;
    for (let bit = 0, power = 1; power / 2 < integers; bit++, power *= 2) {
      below += integersByPower[bit]!;
      if (integersByPower[bit]! > 0 && below > power / 2) {
        size = power;
        used = below;
      }
      if (below === integers) break;
    }
    this.#resize(size, total - used);
  }

  /** Counts the elements of the array part by powers of two. */
  #countItems(): number {
    const items = this.items;
    let total = 0;
    for (let bit = 0, from = 0, to = 1; from < items.length; bit++, from = to, to *= 2) {
      const end = Math.min(to, items.length);
      let n = end - from;
      if (!this.#dense) {
        for (let i = from; i < end; i++) if (items[i] === undefined) n--;
      }
      integersByPower[bit]! += n;
      total += n;
    }
    return total;
  }

  /** Lays the table out with parts of these sizes. */
  #resize(arraySize: number, hashSize: number): void {
    const keys = this.#keys, values = this.#values;
    const cut = arraySize < this.items.length ? this.items.splice(arraySize) : NO_ITEMS;
    this.capacity = arraySize;
    this.#makeNodes(hashSize);
    for (let i = 0; i < cut.length; i++) {
      if (cut[i] !== undefined) this.#assign(arraySize + 1 + i, cut[i], -1);
    }
    if (cut.length > 0) this.#trim();
    if (keys === NO_KEYS) return;
    for (let i = keys.length - 1; i >= 0; i--) {
      if (values[i] !== undefined) this.set(keys[i], values[i]);
    }
  }

  /** After a cut: no nil at the end of the array part, which would hide that it is dense. */
  #trim(): void {
    const items = this.items;
    while (items.length > 0 && items[items.length - 1] === undefined) items.pop();
    this.#dense = !items.includes(undefined);
  }

  #makeNodes(size: number): void {
    if (size === 0) {
      this.#keys = NO_KEYS;
      this.#values = NO_VALUES;
      this.#links = NO_LINKS;
      this.#mask = this.#free = 0;
      return;
    }
    const bits = size === 1 ? 0 : 32 - Math.clz32(size - 1);
    if (bits > MAX_BITS) throw new LuaError("table overflow");
    const n = 2 ** bits;
    this.#keys = filled<LuaValue>(n, undefined);
    this.#values = filled<LuaValue>(n, undefined);
    this.#links = filled(n, -1);
    this.#mask = n - 1;
    this.#free = n;
  }
}

/** [b]: keys that are integers above 2^(b-1), up to 2^b. Only in use while a table is rehashed. */
const integersByPower = new Int32Array(MAX_BITS + 1);

/** Counts a key if it could stand in an array part. */
function countKey(key: LuaValue): number {
  if (typeof key !== "number" || key < 1 || key > 2 ** MAX_BITS || Math.floor(key) !== key) return 0;
  integersByPower[32 - Math.clz32(key - 1)]!++;
  return 1;
}

/** An array of `n` times a value. Small tables are many, and a literal is made faster. */
function filled<T>(n: number, value: T): T[] {
  switch (n) {
    case 1:
      return [value];
    case 2:
      return [value, value];
    case 4:
      return [value, value, value, value];
    case 8:
      return [value, value, value, value, value, value, value, value];
    default:
      return new Array<T>(n).fill(value);
  }
}
