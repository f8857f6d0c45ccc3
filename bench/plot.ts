/**
 * Draws the ratios as horizontal bars, one SVG that follows the reader's light or dark setting. Drawn by hand: a plotting
 * library would be the project's largest dependency, for rectangles.
 */

/** One bar. */
export interface Bar {
  /** Bars of one group stand together under its name. */
  group: string;
  label: string;
  /** toy-redis by redis-server. */
  ratio: number;
  target: number;
  /** The target is a limit from above (memory) instead of from below (speed). */
  atMost: boolean;
}

const WIDTH = 860;
const LEFT = 330, RIGHT = 84, TOP = 92, BOTTOM = 24;
const ROW = 20, BAR = 12, GROUP = 34;

const STYLE = `
  .page { fill: #ffffff } .strong { fill: #1f2328 } .text { fill: #59636e } .grid { stroke: #d9dee3 }
  .one { stroke: #59636e } .met { fill: #2f81f7 } .short { fill: #e0823d } .target { stroke: #1f2328 }
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif }
  .title { font-size: 18px; font-weight: 600 } .group { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .strong { fill: #f0f6fc } .text { fill: #9198a1 } .grid { stroke: #2a313a }
    .one { stroke: #9198a1 } .met { fill: #4493f8 } .short { fill: #db8b4a } .target { stroke: #f0f6fc }
  }`;

/** Whether a bar reaches its target. */
export function isMet(bar: Bar): boolean {
  return bar.atMost ? bar.ratio <= bar.target : bar.ratio >= bar.target;
}

/** The whole picture. */
export function drawPlot(bars: readonly Bar[]): string {
  const groups = Map.groupBy(bars, (bar) => bar.group);
  const height = TOP + groups.size * GROUP + bars.length * ROW + BOTTOM;
  // The axis ends behind the longest bar or target, at a multiple of a half, and at 3 whatever happens: one bar far
  // out must not make all others unreadable. It is cut, and its figure says how long it is.
  const longest = Math.max(1.5, ...bars.map((bar) => Math.max(bar.ratio, bar.target)));
  const end = Math.min(3, Math.ceil(longest * 2) / 2);
  const x = (ratio: number) => round(LEFT + Math.min(ratio, end) / end * (WIDTH - LEFT - RIGHT));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">toy-redis by redis-server</title>`,
    `<desc id="d">Ratios of toy-redis to redis-server, each with its target</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="8" />`,
    `<text class="strong title" x="24" y="34">toy-redis by redis-server</text>`,
    legend(),
    axis(end, x, height),
  ];
  let y = TOP;
  for (const [group, members] of groups) {
    parts.push(`<text class="strong group" x="24" y="${y + 22}">${escape(group)}</text>`);
    y += GROUP;
    for (const bar of members) {
      parts.push(drawBar(bar, y, x));
      y += ROW;
    }
  }
  return parts.join("\n") + "\n</svg>\n";
}

function drawBar(bar: Bar, y: number, x: (ratio: number) => number): string {
  const middle = y + ROW / 2, length = round(Math.max(1, x(bar.ratio) - LEFT)), target = x(bar.target);
  return [
    `<text class="text" x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(bar.label)}</text>`,
    `<rect class="${isMet(bar) ? "met" : "short"}" x="${LEFT}" y="${middle - BAR / 2}" ` +
    `width="${length}" height="${BAR}" rx="2" />`,
    `<line class="target" x1="${target}" x2="${target}" y1="${middle - 9}" y2="${
      middle + 9
    }" stroke-width="2" />`,
    `<text class="strong" x="${WIDTH - 24}" y="${middle + 4}" text-anchor="end">${
      bar.ratio.toFixed(2)
    }</text>`,
  ].join("\n");
}

function legend(): string {
  return [
    `<rect class="met" x="24" y="50" width="22" height="${BAR}" rx="2" />`,
    `<text class="text" x="52" y="60">reaches its target</text>`,
    `<rect class="short" x="180" y="50" width="22" height="${BAR}" rx="2" />`,
    `<text class="text" x="208" y="60">falls short</text>`,
    `<line class="target" x1="296" x2="296" y1="47" y2="65" stroke-width="2" />`,
    `<text class="text" x="304" y="60">target (speed: at least; memory: at most)</text>`,
  ].join("\n");
}

/** Grid lines at each half; the one at 1, redis-server itself, is dashed and darker. */
function axis(end: number, x: (ratio: number) => number, height: number): string {
  const lines: string[] = [];
  for (let at = 0; at <= end; at += 0.5) {
    const dashes = at === 1 ? ` stroke-dasharray="4 3"` : "";
    const name = at === 1 ? "redis-server" : `${at}`;
    lines.push(
      `<line class="${at === 1 ? "one" : "grid"}" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" ` +
        `y2="${height - BOTTOM}"${dashes} />`,
      `<text class="text" x="${x(at)}" y="${TOP - 6}" text-anchor="middle">${name}</text>`,
    );
  }
  return lines.join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
