/** Rules for the SCAN family: a cursor, which must be equal, and items in hash order. */
import { deepUnordered, pairs, typeOnly } from "../helpers/rules.ts";
import type { Rule } from "../helpers/rules.ts";
import { show } from "../helpers/resp.ts";

/** HSCAN and ZSCAN over everything: the pairs in any order. */
export const scanPairs: Rule = {
  name: "scanpairs",
  same(a, b) {
    if (a.type !== "array" || b.type !== "array" || a.items.length !== 2 || b.items.length !== 2) {
      return show(a) === show(b);
    }
    return show(a.items[0]!) === show(b.items[0]!) && pairs.same(a.items[1]!, b.items[1]!);
  },
};

/** A scan that says "from 0, everything": its items. Mutated forms start or stop anywhere in a hash table. */
const whole = (rule: Rule, cursorAt: number) => (args: readonly string[]): Rule =>
  args[cursorAt] === "0" && args.includes("1000") ? rule : typeOnly;

/** SCAN. */
export const wholeKeyspace = whole(deepUnordered, 1);
/** SSCAN. */
export const wholeSet = whole(deepUnordered, 2);
/** HSCAN and ZSCAN. */
export const wholePairs = whole(scanPairs, 2);
