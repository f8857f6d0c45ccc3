/** Rules for the SCAN family: a cursor, which must be equal, and items in hash order. */
import { deepUnordered, scanPairs, typeOnly } from "../helpers/rules.ts";
import type { Rule } from "../helpers/rules.ts";

/** A scan that says "from 0, everything": its items. Mutated forms start or stop anywhere in a hash table. */
const whole = (rule: Rule, cursorAt: number) => (args: readonly string[]): Rule =>
  args[cursorAt] === "0" && args.includes("1000") ? rule : typeOnly;

/** SCAN. */
export const wholeKeyspace = whole(deepUnordered, 1);
/** SSCAN. */
export const wholeSet = whole(deepUnordered, 2);
/** HSCAN and ZSCAN. */
export const wholePairs = whole(scanPairs, 2);
