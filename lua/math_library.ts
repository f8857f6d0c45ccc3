/**
 * `math`. Chance comes from Redis's own generator (random48.ts).
 */

import { int32Arg, numberArg } from "./args.ts";
import { modulo, power } from "./chunk.ts";
import { argumentError, hostError } from "./error.ts";
import { addFunctions } from "./library.ts";
import type { Random48 } from "./random48.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import type { LuaResult, LuaValue, PlainFunction } from "./value.ts";

/** What a draw is divided by. */
const RANDOM_RANGE = 0x7fffffff;

/** Makes the table `math`. */
export function openMath(state: LuaState): void {
  const table = new LuaTable();
  const one = ["abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "exp", "floor", "log", "log10"] as const;
  const more = ["sin", "sinh", "sqrt", "tan", "tanh"] as const;
  for (const name of [...one, ...more]) {
    const f = Math[name];
    addFunctions(table, { [name]: (...args) => f(numberArg(args, 0)) });
  }
  const remainder: PlainFunction = (...args) => numberArg(args, 0) % numberArg(args, 1);
  addFunctions(table, {
    atan2: (...args) => Math.atan2(numberArg(args, 0), numberArg(args, 1)),
    deg: (...args) => numberArg(args, 0) / (Math.PI / 180),
    rad: (...args) => numberArg(args, 0) * (Math.PI / 180),
    fmod: remainder,
    mod: remainder,
    pow: (...args) => power(numberArg(args, 0), numberArg(args, 1)),
    max: (...args) => extreme(args, (a, b) => a > b),
    min: (...args) => extreme(args, (a, b) => a < b),
    frexp,
    ldexp: (...args) => scale(numberArg(args, 0), int32Arg(args, 1)),
    modf,
    random: (...args) => random(state.random, args),
    randomseed: (...args) => {
      state.random.seed(int32Arg(args, 0));
      return [];
    },
  });
  table.setStr("pi", Math.PI);
  table.setStr("huge", Infinity);
  state.globals.setStr("math", table);
}

function extreme(args: readonly LuaValue[], better: (a: number, b: number) => boolean): number {
  let best = numberArg(args, 0);
  for (let i = 1; i < args.length; i++) {
    const value = numberArg(args, i);
    if (better(value, best)) best = value;
  }
  return best;
}

/** A number as mantissa from 0.5 up to 1 and power of two. */
function frexp(...args: LuaValue[]): LuaResult {
  const value = numberArg(args, 0);
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let mantissa = scale(value, -exponent);
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  return [mantissa, exponent];
}

/** `value * 2^exponent`, in steps: the power alone may be out of range. */
function scale(value: number, exponent: number): number {
  let rest = Math.max(-2200, Math.min(2200, exponent));
  while (rest > 1000) {
    value *= 2 ** 1000;
    rest -= 1000;
  }
  while (rest < -1000) {
    value *= 2 ** -1000;
    rest += 1000;
  }
  return value * 2 ** rest;
}

function modf(...args: LuaValue[]): LuaResult {
  const value = numberArg(args, 0);
  const whole = Math.trunc(value);
  if (value !== value) return [value, value];
  const fraction = Number.isFinite(value) ? value - whole : 0;
  return [whole, fraction === 0 && value < 0 ? -0 : fraction]; // C keeps the sign
}

function random(generator: Random48, args: readonly LuaValue[]): LuaResult {
  const draw = modulo(generator.next(), RANDOM_RANGE) / RANDOM_RANGE;
  switch (args.length) {
    case 0:
      return draw;
    case 1: {
      const to = int32Arg(args, 0);
      if (to < 1) throw argumentError(1, "interval is empty");
      return Math.floor(draw * to) + 1;
    }
    case 2: {
      const from = int32Arg(args, 0);
      const to = int32Arg(args, 1);
      if (from > to) throw argumentError(2, "interval is empty");
      return Math.floor(draw * (to - from + 1)) + from;
    }
  }
  throw hostError("wrong number of arguments");
}
