/** What is kept of each command that has run: calls, time and failures by command, the slow log, latency events. */

import { Args } from "../commands/args.ts";
import { type Command, Flag } from "../commands/table.ts";
import type { Client, Waiting } from "./client.ts";
import { Histogram } from "../types/histogram.ts";
import type { RedisServer } from "./server.ts";
import { CommandTimer, NOTICEABLE_MS } from "./timing.ts";

/** Those of one server. */
export class RunRecords {
  readonly #server: RedisServer;
  /** How long commands take. */
  readonly timer: CommandTimer;
  /** A command that took so many milliseconds is slow for the slow log or the latency monitor. */
  #slowMs = Infinity;

  constructor(server: RedisServer) {
    const { clock, config } = this.#server = server;
    this.timer = new CommandTimer(clock, (command, took, times) => this.#settleTime(command, took, times));
    const follow = (): void => {
      const slowlogMs = config.slowlogLogSlowerThan < 0 ? Infinity : config.slowlogLogSlowerThan / 1000;
      this.#slowMs = Math.min(slowlogMs, config.latencyMonitorThreshold || Infinity);
      this.timer.precise = this.#slowMs < NOTICEABLE_MS;
    };
    follow();
    config.onApply(["slowlog-log-slower-than", "latency-monitor-threshold"], follow);
    // redis-server forgets the oldest after any command, unless the log is off.
    config.onApply(["slowlog-max-len", "slowlog-log-slower-than"], () => {
      if (config.slowlogLogSlowerThan >= 0) server.slowlog.limit(config.slowlogMaxLen);
    });
  }

  /**
   * A command has run: statistics, slow log. `took` is in milliseconds; `waits`: its client was put to sleep and will
   * be counted as served when it is. A client that was served runs its command a second time, which is no second call.
   */
  ran(
    client: Client,
    command: Command,
    args: Args,
    took: number,
    failed: boolean,
    waits: boolean,
  ): void {
    if (client.loader) return;
    const stats = command.stats;
    if (failed) stats.failed++;
    if (!this.#server.dispatcher.ctx.resumed) {
      stats.calls++;
      this.#server.stats.commandsProcessed++;
    }
    if (waits) return;
    if (took < 0) return this.timer.share(command);
    this.#settleTime(command, took);
    if (took >= this.#slowMs) this.#recordSlow(client, command, args, took);
  }

  /** What a command took so many times, milliseconds (-1: as long as in the mean so far): into its statistics. */
  #settleTime(command: Command, took: number, times = 1): void {
    const { stats } = command;
    if (took < 0) took = stats.averageMs;
    // Calls that nobody has measured yet say nothing about the mean.
    if (took > 0 || stats.settled > 0) stats.settled += times;
    stats.usec += took * 1000 * times;
    if (this.#server.config.latencyTracking) (stats.histogram ??= new Histogram()).record(took * 1e6, times);
  }

  /** A command has waited and ends without running again, after `took` milliseconds: statistics, slow log. */
  waited(client: Client, { command, args }: Waiting, took: number, failed: boolean): void {
    if (failed) command.stats.failed++;
    this.#settleTime(command, took);
    if (took >= this.#slowMs) this.#recordSlow(client, command, args, took);
  }

  /** CLIENT UNBLOCK ended a wait: a call that failed, in no time. Its arguments are gone by then in redis-server's slow log. */
  unblocked(client: Client, command: Command): void {
    command.stats.failed++;
    this.#settleTime(command, 0);
    const { config, slowlog, clock } = this.#server;
    if (config.slowlogLogSlowerThan !== 0) return;
    slowlog.add(client, command, new Args(), 0, clock.wallMs(), config.slowlogMaxLen);
  }

  #recordSlow(client: Client, command: Command, args: Args, took: number): void {
    const { config, latency, dispatcher, slowlog, clock } = this.#server;
    const { slowlogLogSlowerThan, slowlogMaxLen } = config;
    const event = (command.flags & Flag.FAST) !== 0 ? "fast-command" : "command";
    latency.add(dispatcher.ctx.resumed ? "command-unblocking" : event, took);
    if (slowlogLogSlowerThan < 0 || took * 1000 < slowlogLogSlowerThan) return;
    if ((command.flags & Flag.SKIP_SLOWLOG) !== 0) return;
    slowlog.add(client, command, args, took * 1000, clock.wallMs(), slowlogMaxLen);
  }
}
