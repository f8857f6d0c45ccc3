/** The timeouts of blocking commands: in seconds with fractions on the wire, in whole milliseconds inside. */
import { parseInt64 } from "../types/bytes.ts";
import { parseLongDouble, scaleLongDoubleUp } from "../types/long_double.ts";
import type { Args } from "./args.ts";
import { CommandError, TIMEOUT_NEGATIVE, TIMEOUT_NOT_FLOAT } from "./errors.ts";

const TIMEOUT_NOT_INTEGER = new CommandError("ERR timeout is not an integer or out of range");

/** What no longer fits 64 bits comes out negative in Redis 7.0.15, and is refused as such. */
const LIMIT_MS = 2 ** 63;

/**
 * The timeout in seconds in argument `i`, in milliseconds, rounded up so that it never fires early; 0 waits for ever.
 * Throws "timeout is not a float or out of range" and "timeout is negative".
 */
export function secondsTimeout(args: Args, i: number): number {
  const { buf } = args;
  const start = args.starts[i]!, end = args.ends[i]!;
  const whole = parseInt64(buf, start, end);
  let ms: number;
  if (typeof whole === "number") {
    ms = whole * 1000;
  } else {
    const seconds = parseLongDouble(buf, start, end);
    if (seconds === null) throw TIMEOUT_NOT_FLOAT;
    ms = scaleLongDoubleUp(seconds, 1000n);
  }
  if (ms < 0 || ms >= LIMIT_MS) throw TIMEOUT_NEGATIVE;
  return ms;
}

/**
 * The timeout in milliseconds in argument `i`; 0 waits for ever. Throws "timeout is not an integer or out of range" and
 * "timeout is negative".
 */
export function millisTimeout(args: Args, i: number): number {
  const ms = args.integer(i, TIMEOUT_NOT_INTEGER);
  if (ms < 0) throw TIMEOUT_NEGATIVE;
  return ms;
}
