import { assertEquals } from "@std/assert";
import { importsOf, violations } from "../../scripts/lint_layers.ts";

Deno.test("imports are found in all their forms, and not in comments", () => {
  const source = `
/* import { no } from "./comment.ts"; */
import { a } from "../types/a.ts";
import type { B } from "./b.ts";
export { c } from "./c.ts"; // import "./neither.ts"
import "./side_effect.ts";
import {
  many,
  lines,
} from "./d.ts";
import { assert } from "@std/assert";
`;
  const edges = importsOf("server/x.ts", source);
  assertEquals(edges.map(({ to, typeOnly }) => `${to}${typeOnly ? " (type)" : ""}`), [
    "types/a.ts",
    "server/b.ts (type)",
    "server/c.ts",
    "server/side_effect.ts",
    "server/d.ts",
  ]);
});

Deno.test("imports that point up or in a circle are refused", () => {
  const edge = (from: string, to: string, typeOnly = false) => ({ from, to, typeOnly });
  assertEquals(violations([edge("main.ts", "server/server.ts"), edge("store.ts", "types/a.ts")]), []);
  assertEquals(violations([edge("types/a.ts", "store.ts")]), [
    "types/a.ts (types) imports store.ts (store): that points up",
  ]);
  assertEquals(violations([edge("commands/a.ts", "server/b.ts", true)]).length, 1);
  assertEquals(violations([edge("commands/context.ts", "server/b.ts", true)]), []);
  assertEquals(violations([edge("commands/context.ts", "server/b.ts")]).length, 1);
  assertEquals(violations([edge("resp/reply.ts", "types/bytes.ts")]), []);
  assertEquals(violations([edge("resp.ts", "tests/x.ts")]), [
    "resp.ts imports tests/x.ts, which belongs to no layer",
  ]);
  assertEquals(violations([edge("types/a.ts", "types/b.ts"), edge("types/b.ts", "types/a.ts")]), [
    "a cycle: types/a.ts -> types/b.ts -> types/a.ts",
  ]);
  assertEquals(violations([edge("types/a.ts", "types/b.ts"), edge("types/b.ts", "types/a.ts", true)]), []);
});
