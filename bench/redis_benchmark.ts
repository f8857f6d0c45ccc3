/** Runs redis-benchmark, the load generator: one run is one command against one server. */
import { toText } from "../tests/helpers/bytes.ts";

/** What one line of `redis-benchmark --csv` says. */
export interface CsvRow {
  test: string;
  /** Requests per second. */
  rps: number;
  /** 99th percentile of the latency in milliseconds. */
  p99: number;
}

/** How one run is made; the names are redis-benchmark's options. */
export interface Load {
  /** A built-in test (`-t`), or a command with its arguments, in which __rand_int__ is replaced. */
  test: string | readonly string[];
  /** -c */
  clients: number;
  /** -P */
  pipeline: number;
  /** -r: random numbers are below it. */
  keyspace: number;
  /** -d: bytes of the values of built-in tests. */
  dataSize?: number;
}

/** After that long a run counts as hung, milliseconds. */
const HUNG_MS = 120_000;

/** The rows behind the heading line. Throws when the text is not what redis-benchmark 7.0 prints. */
export function parseCsv(text: string): CsvRow[] {
  const lines = text.split("\n").filter((line) => line.startsWith('"'));
  const head = fieldsOf(lines[0] ?? "");
  const rps = head.indexOf("rps"), p99 = head.indexOf("p99_latency_ms");
  if (rps < 0 || p99 < 0 || lines.length < 2) throw new Error("not the CSV of redis-benchmark:\n" + text);
  return lines.slice(1).map((line) => {
    const fields = fieldsOf(line);
    return { test: fields[0]!, rps: Number(fields[rps]), p99: Number(fields[p99]) };
  });
}

/** All fields are quoted; those of a custom command hold its text, whose quotes are not escaped. */
function fieldsOf(line: string): string[] {
  return line.trimEnd().replace(/^"|"$/g, "").split('","');
}

/** The command line for `requests` requests. */
export function argumentsOf(load: Load, port: number, requests: number): string[] {
  const args = ["-h", "127.0.0.1", "-p", `${port}`, "-c", `${load.clients}`, "-P", `${load.pipeline}`];
  args.push("-n", `${requests}`, "-r", `${load.keyspace}`, "--csv");
  if (load.dataSize !== undefined) args.push("-d", `${load.dataSize}`);
  return typeof load.test === "string" ? [...args, "-t", load.test] : [...args, ...load.test];
}

/** One run. Throws when it fails or the server answers with errors. */
export async function runBenchmark(load: Load, port: number, requests: number): Promise<CsvRow> {
  const { code, stdout, stderr } = await new Deno.Command("redis-benchmark", {
    args: argumentsOf(load, port, requests),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(HUNG_MS),
  }).output();
  const text = toText(stdout), complaints = toText(stderr);
  if (code !== 0 || /error/i.test(complaints)) {
    throw new Error(`redis-benchmark ${argumentsOf(load, port, requests).join(" ")}:\n${complaints}${text}`);
  }
  return parseCsv(text).at(-1)!;
}
