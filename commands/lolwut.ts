/** LOLWUT: a small piece of generative art, drawn anew each time; ours is a skyline at night. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";

const MAX_WIDTH = 500;
const MAX_HEIGHT = 200;
/** Versions of redis-server that had a picture; for others there is the last line alone. */
const DRAWN_VERSIONS: ReadonlySet<number> = new Set([5, 6]);

/** LOLWUT [VERSION n] [columns [rows]]. Only VERSION needs a number, as with redis-server; other words are passed over. */
export function lolwut(ctx: Context, args: Args): void {
  let from = 1;
  const line = `Redis ver. ${ctx.server.version}\n`;
  if (args.count >= 3 && args.is(1, "VERSION")) {
    if (!DRAWN_VERSIONS.has(args.integer(2))) return ctx.reply.verbatim(line);
    from = 3;
  }
  const numbers: number[] = [];
  for (let i = from; i < args.count; i++) numbers.push(parseFloat(args.text(i)) || 0);
  const width = Math.min(MAX_WIDTH, Math.max(8, Math.floor(numbers[0] || 60)));
  const height = Math.min(MAX_HEIGHT, Math.max(4, Math.floor(numbers[1] || 12)));
  ctx.reply.verbatim(skyline(width, height, () => ctx.store.random()) + "\n" + line);
}

/** Houses of random width and height with lit windows, under a few stars. */
function skyline(width: number, height: number, random: () => number): string {
  const rows = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  for (let star = 0; star < width * height / 40; star++) {
    rows[random() % Math.max(1, height >> 1)]![random() % width] = random() % 3 === 0 ? "*" : ".";
  }
  for (let left = 0; left < width;) {
    const wide = Math.min(width - left, 4 + random() % 6);
    const tall = 2 + random() % Math.max(1, height - 3);
    for (let y = height - tall; y < height; y++) {
      for (let x = left; x < left + wide; x++) {
        rows[y]![x] = facade(x - left, y - (height - tall), wide, random);
      }
    }
    left += wide;
  }
  return rows.map((row) => row.join("").trimEnd()).join("\n") + "\n";
}

/** One character of a house, `x` from its left wall and `y` from its roof. */
function facade(x: number, y: number, wide: number, random: () => number): string {
  if (y === 0) return "_";
  if (x === 0 || x === wide - 1) return "|";
  return y % 2 === 1 && x % 2 === 1 ? (random() % 3 === 0 ? "#" : ":") : " ";
}
