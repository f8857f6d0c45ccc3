/**
 * What a server does by the clock: at each tick (`hz` times a second) a little of everything that cannot wait for a request.
 *
 * Each part keeps to a few milliseconds, because clients wait meanwhile; where expired keys are more than a tick's worth,
 * further slices follow between the ticks. A part that throws is a defect: it is logged, and the next tick comes all the same.
 */

import { traceOf } from "../util/errors.ts";
import type { Client } from "./client.ts";
import { queryMemory } from "./client_info.ts";
import { watchdogExpired } from "./crash_report.ts";
import { FIXED_OUTPUT_BYTES } from "./reply_room.ts";
import type { RedisServer } from "./server.ts";

/** Milliseconds that one tick moves entries from outgrown indexes to new ones, and slots that it moves at a time. */
const REHASH_MS = 1;
const REHASH_SLOTS = 1024;

/** Clients for one tick, and the most ticks a second, of dynamic-hz. */
const CLIENTS_PER_TICK = 200;
const MAX_HZ = 500;

/** The periodic work of one server. */
export class Cron {
  /** DEBUG PAUSE-CRON: ticks pass without work. */
  paused = false;
  readonly #server: RedisServer;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the next tick is due, by the clock that only goes forward. */
  #dueMs = Infinity;
  /** The next slice of the expiry cycle, while it has more to do than one. */
  #expirySlice: ReturnType<typeof setTimeout> | undefined;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** Begins with a first tick, at once. */
  start(): void {
    this.#tick();
  }

  /** No tick comes after this. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#expirySlice);
  }

  #tick = (): void => {
    if (this.#stopped) return;
    const { clock } = this.#server;
    const started = clock.monoMs();
    const period = 1000 / this.hz;
    this.#watch(started - this.#dueMs);
    try {
      if (!this.paused) this.#work(period);
    } catch (error) {
      this.#failed(error);
    }
    const took = clock.monoMs() - started;
    const rest = Math.max(1, period - took);
    this.#dueMs = started + took + rest;
    this.#timer = setTimeout(this.#tick, rest);
  };

  /** The watchdog: a tick that comes so many milliseconds late was held up. */
  #watch(lateMs: number): void {
    const { config, log, dispatcher } = this.#server;
    if (config.watchdogPeriod === 0 || lateMs < config.watchdogPeriod) return;
    watchdogExpired(log, dispatcher.ctx.command?.fullName ?? "none");
  }

  /** Ticks a second: the setting `hz`, doubled with dynamic-hz until a tick has no more clients than it can visit. */
  get hz(): number {
    const { config, clients } = this.#server;
    let { hz } = config;
    if (config.dynamicHz) { while (clients.size / hz > CLIENTS_PER_TICK && hz < MAX_HZ) hz *= 2; }
    return Math.min(hz, MAX_HZ);
  }

  #failed(error: unknown): void {
    const text = traceOf(error);
    this.#server.log.warning(`BUG: cron failed: ${text}`);
  }

  #work(period: number): void {
    const server = this.#server;
    const { store, tracking } = server;
    const now = server.nowMs = server.clock.wallMs();
    store.lruClock = Math.floor(now / 1000) & 0xffffff;
    store.lfuClock = Math.floor(now / 60000) & 0xffff;
    if (server.dispatcher.busy) {
      // A script is in the middle of its work: nothing but it may touch the data.
      this.#visitClients(now);
      this.#sampleRates();
      return;
    }
    if (this.#expirySlice === undefined) this.#expireSome(period);
    if (server.config.activerehashing) this.#rehashSome();
    if (server.isReplica && server.expiry.enabled) server.replicaExpiry.run();
    store.releaseSome();
    server.blocking.expireDue();
    if (tracking.overfull) tracking.limit();
    tracking.broadcast();
    server.persistence.cron();
    server.shutdown.cron();
    server.replication.cron();
    this.#visitClients(now);
    this.#sampleRates();
    server.memory.sample();
  }

  /** Goes on with the rehashing of databases that grew or shrank, which their own changes would bring to an end as well. */
  #rehashSome(): void {
    const { store, clock } = this.#server;
    const end = clock.monoMs() + REHASH_MS;
    for (const { table, expires } of store.databases) {
      while (table.rehashStep(REHASH_SLOTS)) if (clock.monoMs() >= end) return;
      while (expires.rehashStep(REHASH_SLOTS)) if (clock.monoMs() >= end) return;
    }
  }

  /** Deletes expired keys for a slice of time; where more are left, the next slice follows after a rest. */
  #expireSome = (period: number): void => {
    const server = this.#server;
    this.#expirySlice = undefined;
    if (this.#stopped || this.paused || server.isReplica || server.pauses.active || server.loading) return;
    if (server.dispatcher.busy) return;
    let rest = 0;
    try {
      rest = server.expiry.run(period, server.config.activeExpireEffort);
      // No command follows that would do it: readers of a group learn now that their stream is gone.
      if (server.blocking.pending) server.blocking.serve();
    } catch (error) {
      this.#failed(error);
    }
    if (rest > 0) this.#expirySlice = setTimeout(this.#expireSome, rest, period);
  };

  #visitClients(now: number): void {
    const { clients, recentInput, recentOutput, clientEviction } = this.#server;
    recentInput.advance(now);
    recentOutput.advance(now);
    for (const client of clients.values()) {
      const { transport } = client;
      if (transport === null) continue;
      recentInput.see(queryMemory(client, now));
      recentOutput.see(Math.max(0, transport.outputBytes - FIXED_OUTPUT_BYTES));
      transport.unstall();
      transport.resizeBuffers(now);
      if (!this.#isTimedOut(client, now)) continue;
      this.#server.log.verbose("Closing idle client");
      transport.destroy();
    }
    if (clientEviction.active) clientEviction.checkAll();
  }

  #isTimedOut(client: Client, now: number): boolean {
    const { config: { timeout: limit }, dispatcher } = this.#server;
    return limit > 0 && !dispatcher.busy && !client.replica && !client.primary && !client.subscribed &&
      client.waiting === null &&
      now - client.lastInteraction > limit * 1000;
  }

  #sampleRates(): void {
    const { rates, stats, clock } = this.#server;
    const now = clock.monoMs();
    rates.commands.sample(stats.commandsProcessed, now);
    rates.input.sample(stats.netInputBytes + stats.replInputBytes, now);
    rates.output.sample(stats.netOutputBytes + stats.replOutputBytes, now);
    rates.replInput.sample(stats.replInputBytes, now);
    rates.replOutput.sample(stats.replOutputBytes, now);
  }
}
