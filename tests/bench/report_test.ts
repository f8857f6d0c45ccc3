import { assert, assertEquals } from "@std/assert";
import { barsOf, markdownSection, markdownTable, replaceSection } from "../../bench/report.ts";

const TABLE = {
  title: "Strings",
  head: ["case", "redis req/s", "ratio", "target"],
  rows: [["SET", "100", "0.95", "≥ 0.9"], ["MSET", "50", "0.70", ""], ["1M keys", "9", "0.60", "≤ 0.65"]],
};

Deno.test("a table names its columns and aligns figures to the right", () => {
  assertEquals(markdownTable(TABLE).split("\n").slice(0, 5), [
    "### Strings",
    "",
    "| case | redis req/s | ratio | target |",
    "| --- | ---: | ---: | ---: |",
    "| SET | 100 | 0.95 | ≥ 0.9 |",
  ]);
});

Deno.test("a section replaces only its own place", () => {
  let document = "# Performance\n\nWritten by hand.\n";
  document = replaceSection(document, "core", "first core\n");
  document = replaceSection(document, "types", "types");
  document += "\nThe end.\n";
  document = replaceSection(document, "core", "second core");
  assertEquals(
    document,
    "# Performance\n\nWritten by hand.\n\n<!-- bench:core -->\n\nsecond core\n\n<!-- /bench:core -->\n\n" +
      "<!-- bench:types -->\n\ntypes\n\n<!-- /bench:types -->\n\nThe end.\n",
  );
});

Deno.test("bars are the rows with a ratio and a target, also after the formatter has aligned the table", () => {
  const section = markdownSection({ suite: "core", text: "Text.", tables: [TABLE] }, "Then and there.");
  const expected = [
    { group: "Strings", label: "SET", ratio: 0.95, target: 0.9, atMost: false },
    { group: "Strings", label: "1M keys", ratio: 0.6, target: 0.65, atMost: true },
  ];
  assertEquals(barsOf(section), expected);
  assertEquals(barsOf(section.replaceAll(" | ", "    |   ")), expected);
});

Deno.test("tables without ratios give no bars", () => {
  const table = { title: "Other", head: ["case", "ms", "target"], rows: [["a", "1", "≤ 20"]] };
  assertEquals(barsOf(markdownTable(table)), []);
});

Deno.test("a section holds its text, its circumstances and its tables", () => {
  const section = markdownSection(
    { suite: "core", text: "Text.", tables: [TABLE, TABLE] },
    "Then and there.",
  );
  assert(section.startsWith("## core\n\nText.\n\nThen and there.\n\n### Strings"));
  assertEquals(section.match(/### Strings/g)!.length, 2);
});
