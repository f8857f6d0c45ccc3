/**
 * Writes figures into docs/performance.md: each suite has its own place between two markers there, so that a run of one
 * suite leaves the others' figures and all text outside the markers alone. The plot is drawn from the document as it
 * stands then, and so always shows what the tables say.
 */
import type { Bar } from "./plot.ts";

/** What a ratio has to be: "≥ 0.90" or "≤ 0.65". */
export type Target = `${"≥" | "≤"} ${number}`;

/** A table of figures. A column "ratio" (and "target") puts its rows into the plot. */
export interface Table {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** What a suite found out. */
export interface Section {
  suite: string;
  /** What was done and how to read it. */
  text: string;
  tables: readonly Table[];
}

/** A table in Markdown. */
export function markdownTable({ title, head, rows }: Table): string {
  // The first column holds names, all others figures.
  const rule = head.map((_, i) => i === 0 ? "---" : "---:");
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `### ${title}\n\n${lines.join("\n")}\n`;
}

/** A suite's part of the document; `circumstances` says when, where and how it was run. */
export function markdownSection(section: Section, circumstances: string): string {
  const tables = section.tables.map(markdownTable).join("\n");
  return `## ${section.suite}\n\n${section.text}\n\n${circumstances}\n\n${tables}`;
}

/** The document with the suite's part replaced, or added at the end. */
export function replaceSection(document: string, suite: string, content: string): string {
  const open = `<!-- bench:${suite} -->`, close = `<!-- /bench:${suite} -->`;
  const part = `${open}\n\n${content.trim()}\n\n${close}`;
  const from = document.indexOf(open), to = document.indexOf(close, from);
  if (from < 0 || to < 0) return `${document.trimEnd()}\n\n${part}\n`;
  return document.slice(0, from) + part + document.slice(to + close.length);
}

/** The rows with a ratio and a target in all tables of the document, in order. */
export function barsOf(document: string): Bar[] {
  const bars: Bar[] = [];
  let group = "", head: string[] = [];
  for (const line of document.split("\n")) {
    if (line.startsWith("### ")) group = line.slice(4).trim();
    if (!line.startsWith("|")) {
      head = [];
      continue;
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (head.length === 0) {
      head = cells;
      continue;
    }
    const ratio = Number.parseFloat(cells[head.indexOf("ratio")] ?? "");
    const target = /^([≥≤]) ([\d.]+)$/.exec(cells[head.indexOf("target")] ?? "");
    if (!Number.isFinite(ratio) || !target) continue;
    bars.push({ group, label: cells[0]!, ratio, target: Number(target[2]), atMost: target[1] === "≤" });
  }
  return bars;
}
