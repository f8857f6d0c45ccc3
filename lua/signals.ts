/**
 * What a running script yields to its driver (driver.ts). A step used up yields undefined; everything else leaves
 * its particulars in the state and yields one of these marks.
 */

/** Run the call in `state.pending` and resume with its result. */
export const PENDING = Symbol("pending");
export type Pending = typeof PENDING;

/** Resume the coroutine in `state.transfer` with the values there. */
export const RESUME = Symbol("resume");

/** The running coroutine gives the values in `state.transfer` to who resumed it. */
export const YIELD = Symbol("yield");
