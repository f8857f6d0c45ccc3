/** Limits of PUC Lua that scripts see, where more than one module heeds them. */

import { hostError } from "./error.ts";

/**
 * Values that a function has room for in PUC Lua, its arguments included. Nothing here needs the limit, but scripts
 * see it: as the error of a function with more results, and as the deepest nesting of some decoders.
 */
export const MAX_STACK = 8000;

/** A chain of this many tables in `__index` counts as endless. */
export const MAX_CHAIN = 100;

/** Raises the error of a function that needs room for more than MAX_STACK values. */
export function stackOverflow(where: string): never {
  throw hostError(`stack overflow (${where})`);
}
