/**
 * The latency monitor: for each kind of event that held the server up (a slow command, an expiry or eviction cycle, a
 * write to the append-only file) the last times it did so for longer than latency-monitor-threshold.
 */

import type { Clock } from "./clock.ts";

/** Samples kept for one event. */
const HISTORY = 160;
/** Columns and rows of a graph. */
const GRAPH_COLUMNS = 80;
const GRAPH_ROWS = 4;

/** One second in which the event was slow. */
export interface LatencySample {
  /** Unix time, seconds. */
  seconds: number;
  /** Milliseconds, the most of that second. */
  ms: number;
}

/** One kind of event. */
export interface LatencyEvent {
  readonly name: string;
  /** Oldest first. */
  readonly samples: LatencySample[];
  /** The most since it was last reset, milliseconds. */
  max: number;
}

/** What LATENCY DOCTOR looks at. */
interface EventSummary {
  name: string;
  count: number;
  average: number;
  deviation: number;
  /** Seconds between two samples, on average. */
  period: number;
  max: number;
}

/** The monitor of one server. */
export class LatencyMonitor {
  readonly #events = new Map<string, LatencyEvent>();
  readonly #clock: Clock;
  readonly #settings: { readonly latencyMonitorThreshold: number };

  constructor(clock: Clock, settings: { readonly latencyMonitorThreshold: number }) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** All events that were slow at least once. */
  get events(): Iterable<LatencyEvent> {
    return this.#events.values();
  }

  event(name: string): LatencyEvent | undefined {
    return this.#events.get(name);
  }

  /** The event took so long; kept where that is over the threshold (0: never). Whole milliseconds count. */
  add(name: string, ms: number): void {
    const { latencyMonitorThreshold } = this.#settings;
    if (latencyMonitorThreshold === 0 || Math.floor(ms) < latencyMonitorThreshold) return;
    let event = this.#events.get(name);
    if (event === undefined) this.#events.set(name, event = { name, samples: [], max: 0 });
    const sample = { seconds: Math.floor(this.#clock.wallMs() / 1000), ms: Math.floor(ms) };
    event.max = Math.max(event.max, sample.ms);
    const last = event.samples.at(-1);
    if (last !== undefined && last.seconds === sample.seconds) {
      last.ms = Math.max(last.ms, sample.ms);
      return;
    }
    event.samples.push(sample);
    if (event.samples.length > HISTORY) event.samples.shift();
  }

  /** Runs something and adds how long it took. */
  measure<T>(name: string, work: () => T): T {
    if (this.#settings.latencyMonitorThreshold === 0) return work();
    const started = this.#clock.monoMs();
    try {
      return work();
    } finally {
      this.add(name, this.#clock.monoMs() - started);
    }
  }

  /** Forgets one event. False where there was none. */
  forget(name: string): boolean {
    return this.#events.delete(name);
  }

  /** Forgets all events; how many there were. */
  forgetAll(): number {
    const count = this.#events.size;
    this.#events.clear();
    return count;
  }

  /** LATENCY GRAPH: the event's samples as columns of characters, each with its age below. */
  graph(event: LatencyEvent): string {
    const now = Math.floor(this.#clock.wallMs() / 1000);
    const samples = event.samples.slice(-GRAPH_COLUMNS);
    const values = samples.map(({ ms }) => ms);
    const low = Math.min(...values);
    const high = Math.max(...values);
    const labels = samples.map(({ seconds }) => ageOf(now - seconds));
    return `${event.name} - high ${high} ms, low ${low} ms (all time high ${event.max} ms)\n` +
      `${"-".repeat(GRAPH_COLUMNS)}\n${bars(values, low, high)}\n${columns(labels)}\n`;
  }

  /** What the samples of all events say, for LATENCY DOCTOR. */
  summaries(): EventSummary[] {
    return [...this.#events.values()].map(({ name, samples, max }) => {
      const count = samples.length;
      const average = samples.reduce((sum, { ms }) => sum + ms, 0) / count;
      const deviation = samples.reduce((sum, { ms }) => sum + Math.abs(ms - average), 0) / count;
      const span = samples[count - 1]!.seconds - samples[0]!.seconds;
      return { name, count, average, deviation, period: count > 1 ? span / (count - 1) : 0, max };
    });
  }
}

/** An age in at most four characters: 5s, 12m, 3h, 2d. */
function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** Heights within a row of characters, from the lowest. */
const LEVELS = "_o#";

/** Columns of characters as high as the values, from the top row down. */
function bars(values: readonly number[], low: number, high: number): string {
  const range = high === low ? 1 : high - low;
  const steps = GRAPH_ROWS * LEVELS.length;
  const heights = values.map((value) => Math.min(steps - 1, Math.floor((value - low) * steps / range)));
  const lines: string[] = [];
  for (let row = 0; row < GRAPH_ROWS; row++) {
    const base = (GRAPH_ROWS - 1 - row) * LEVELS.length;
    lines.push(
      heights.map((height) => {
        if (height < base) return " ";
        return height - base < LEVELS.length ? LEVELS[height - base]! : "|";
      }).join(""),
    );
  }
  return lines.join("\n");
}

/** Words written downwards, side by side, under an empty line. */
function columns(words: readonly string[]): string {
  const lines = [" ".repeat(words.length)];
  const height = Math.max(...words.map((word) => word.length));
  for (let i = 0; i < height; i++) lines.push(words.map((word) => word[i] ?? " ").join(""));
  return lines.join("\n");
}
