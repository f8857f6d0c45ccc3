/**
 * `deno task bench [--suite core,types,...] [--rounds 3] [--quick] [--dry]`: measures toy-redis next to redis-server and
 * writes the figures into docs/performance.md and docs/performance.svg (not with --dry). Without --suite: all of them,
 * which takes about an hour.
 *
 * Environment: TOY_REDIS_BIN (a compiled toy-redis) and REDIS_SERVER_BIN, as in the tests.
 */
import { parseArgs } from "@std/cli";
import { hasRedis, redisVersion, ROOT_DIR } from "../tests/helpers/server.ts";
import type { Settings } from "./measure.ts";
import { drawPlot } from "./plot.ts";
import { cpuModel } from "./process.ts";
import { barsOf, markdownSection, markdownTable, replaceSection, type Section } from "./report.ts";
import { core } from "./suites/core.ts";
import { growth } from "./suites/growth.ts";
import { memory } from "./suites/memory.ts";
import { pause } from "./suites/pause.ts";
import { persistence } from "./suites/persistence.ts";
import { replication } from "./suites/replication.ts";
import { scripting } from "./suites/scripting.ts";
import { start } from "./suites/start.ts";
import { types } from "./suites/types.ts";

const SUITES: Record<string, (settings: Settings) => Promise<Section>> = {
  core,
  types,
  scripting,
  memory,
  pause,
  growth,
  persistence,
  replication,
  start,
};
const DOCUMENT = ROOT_DIR + "docs/performance.md", PLOT = ROOT_DIR + "docs/performance.svg";

function fail(message: string): never {
  console.error(message);
  Deno.exit(1);
}

function options(): { suites: string[]; settings: Settings; dry: boolean } {
  const flags = parseArgs(Deno.args, {
    string: ["suite", "rounds"],
    boolean: ["quick", "dry"],
    default: { suite: Object.keys(SUITES).join(","), rounds: "3" },
    unknown: (name: string) => fail(`unknown option ${name}; see the top of bench/main.ts`),
  });
  const suites: string[] = flags.suite.split(","), rounds = Number(flags.rounds);
  const unknown = suites.find((name) => !Object.hasOwn(SUITES, name));
  if (unknown !== undefined) fail(`no suite ${unknown}; there are ${Object.keys(SUITES).join(", ")}`);
  if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a number from 1");
  const log = (line: string) => console.error("  " + line);
  return { suites, settings: { rounds, quick: flags.quick, log }, dry: flags.dry };
}

/** When, where, with what and how; the load tells how far other programs disturbed the figures. */
function circumstances(load: number): string {
  const cores = navigator.hardwareConcurrency;
  const toy = Deno.env.get("TOY_REDIS_BIN") ? "compiled" : `on Deno ${Deno.version.deno}`;
  const command = ["deno task bench", ...Deno.args].join(" ");
  return `\`${command}\`\n\n${new Date().toISOString().slice(0, 10)}, ${cores} cores, ${cpuModel()}, ` +
    `load ${load.toFixed(1)} before the run; redis-server ${redisVersion()}, toy-redis ${toy}.`;
}

async function write(section: Section, where: string): Promise<void> {
  const before = await Deno.readTextFile(DOCUMENT).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "# Performance\n";
    throw error;
  });
  const document = replaceSection(before, section.suite, markdownSection(section, where));
  await Deno.writeTextFile(DOCUMENT, document);
  await Deno.writeTextFile(PLOT, drawPlot(barsOf(document)));
  // The formatter aligns the tables; a document that it would change is refused by `deno task ok`.
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", DOCUMENT, PLOT], cwd: ROOT_DIR }).output();
}

// Leaving through exit() ends the servers, which a signal would leave behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  if (Deno.build.os !== "windows" || signal === "SIGINT") {
    Deno.addSignalListener(signal, () => Deno.exit(130));
  }
}
const { suites, settings, dry } = options();
if (!hasRedis()) fail("the benchmark compares with redis-server, so it needs it");
for (const name of suites) {
  console.error(name);
  const where = circumstances(Deno.loadavg()[0]!);
  const section = await SUITES[name]!(settings);
  console.log(section.tables.map(markdownTable).join("\n"));
  if (!dry) await write(section, where);
}
