import { assert, assertEquals } from "@std/assert";
import { type Bar, drawPlot, isMet } from "../../bench/plot.ts";

function bar(label: string, ratio: number, target: number, atMost = false, group = "Group"): Bar {
  return { group, label, ratio, target, atMost };
}

/** The widths of the bars of a class, without the legend's. */
function widths(svg: string, className: string): number[] {
  const found = svg.matchAll(
    new RegExp(`<rect class="${className}" x="330" y="[\\d.]+" width="([\\d.]+)"`, "g"),
  );
  return [...found].map((match) => Number(match[1]));
}

Deno.test("targets are limits from below for speed, from above for memory", () => {
  assertEquals([isMet(bar("a", 0.9, 0.9)), isMet(bar("a", 0.89, 0.9))], [true, false]);
  assertEquals([isMet(bar("a", 0.65, 0.65, true)), isMet(bar("a", 0.66, 0.65, true))], [true, false]);
});

Deno.test("bars are as long as their ratios, and coloured by their targets", () => {
  const svg = drawPlot([bar("fast", 1.2, 0.9), bar("slow", 0.6, 0.9)]);
  assertEquals(widths(svg, "met").length, 1);
  assertEquals(widths(svg, "short").length, 1);
  assert(Math.abs(widths(svg, "met")[0]! / widths(svg, "short")[0]! - 2) < 0.01);
});

Deno.test("a bar far out is cut and does not shrink the others", () => {
  const svg = drawPlot([bar("far", 40, 1), bar("normal", 1.5, 1)]);
  const [far, normal] = widths(svg, "met");
  assert(Math.abs(far! / normal! - 2) < 0.01);
  assert(svg.includes(">40.00<"));
});

Deno.test("names are escaped, groups named once, tags balanced", () => {
  const svg = drawPlot([bar("a < b & c", 1, 1), bar("d", 1, 1), bar("e", 1, 1, true, "Memory")]);
  assert(svg.includes(">a &lt; b &amp; c<"));
  assertEquals(svg.split(">Group<").length, 2);
  assertEquals(svg.split(">Memory<").length, 2);
  const tags = svg.replaceAll(/<[a-z]+[^>]*\/>/g, "");
  assertEquals(tags.match(/<[a-z]/g)!.length, tags.match(/<\//g)!.length);
});

Deno.test("the picture has both palettes, and is drawn of nothing, too", () => {
  assert(drawPlot([bar("a", 1, 1)]).includes("prefers-color-scheme: dark"));
  assert(drawPlot([]).endsWith("</svg>\n"));
});
