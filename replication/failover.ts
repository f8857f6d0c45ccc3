/**
 * FAILOVER: a primary hands over to one of its replicas without losing a write.
 *
 * Writes are held back, so that the offset stands still; the first replica that has acknowledged it (or the one that
 * was named) has everything. This server then follows it, and says with its PSYNC that they are to change places.
 */
import type { ReplicaLink } from "./link.ts";
import type { Primary } from "./primary.ts";
import type { PrimaryAddress } from "./replica.ts";
import type { ReplicationStream } from "./stream.ts";

/** What a failover needs of its surroundings. */
export interface FailoverHost {
  notice(message: string): void;
  monotonicMs(): number;
  /** Holds writes back; lets them go. */
  holdWrites(hold: boolean): void;
  /** Follows this server and asks it to take over. */
  changePlaces(target: PrimaryAddress): void;
  /** Is a primary again. */
  takeBack(): void;
}

/** How far it is, in the words of INFO. */
export type FailoverState = "no-failover" | "waiting-for-sync" | "failover-in-progress";

/** What FAILOVER was told. */
export interface FailoverRequest {
  readonly target: PrimaryAddress | null;
  /** Goes ahead when the time is up, whatever the target has. */
  readonly force: boolean;
  /** Milliseconds; 0: no limit. */
  readonly timeoutMs: number;
}

/** One server's failover. */
export class Failover {
  state: FailoverState = "no-failover";
  readonly #host: FailoverHost;
  readonly #primary: Primary;
  readonly #stream: ReplicationStream;
  #request: FailoverRequest | null = null;
  #deadlineMs = Infinity;

  constructor(primary: Primary, stream: ReplicationStream, host: FailoverHost) {
    this.#primary = primary;
    this.#stream = stream;
    this.#host = host;
  }

  get active(): boolean {
    return this.state !== "no-failover";
  }

  /** The online replica with this address. */
  find(target: PrimaryAddress): ReplicaLink | undefined {
    return [...this.#primary.links].find((link) => link.ip === target.host && link.port === target.port);
  }

  /** Begins. The caller has checked that there is none and that the target is a replica. */
  begin(request: FailoverRequest): void {
    this.#request = request;
    this.#deadlineMs = request.timeoutMs > 0 ? this.#host.monotonicMs() + request.timeoutMs : Infinity;
    const { target } = request;
    this.#host.notice(
      target === null
        ? "FAILOVER requested to any replica."
        : `FAILOVER requested to ${target.host}:${target.port}.`,
    );
    this.state = "waiting-for-sync";
    this.#host.holdWrites(true);
    this.check();
  }

  /** Looks whether the target is in step, or the time is up: at each acknowledgement and from the cron. */
  check(): void {
    const request = this.#request;
    if (this.state !== "waiting-for-sync" || request === null) return;
    const ready = [...this.#primary.links].find((link) =>
      link.state === "online" && !link.startsOnAck && link.acked >= this.#stream.offset && link.port !== 0 &&
      (request.target === null || link.ip === request.target.host && link.port === request.target.port)
    );
    if (ready !== undefined) {
      this.#host.notice(`Failover target ${ready.name} is synced, failing over.`);
      return this.#go({ host: ready.ip, port: ready.port });
    }
    if (this.#host.monotonicMs() < this.#deadlineMs) return;
    if (request.force && request.target !== null) {
      const { host, port } = request.target;
      this.#host.notice(`FAILOVER to ${host}:${port} time out exceeded, failing over.`);
      return this.#go(request.target);
    }
    this.abort("Replica never caught up before timeout");
  }

  /** From the cron: replicas are asked again how far they are. */
  cron(): void {
    if (this.state === "waiting-for-sync") this.check();
  }

  #go(target: PrimaryAddress): void {
    this.state = "failover-in-progress";
    this.#host.changePlaces(target);
  }

  /** The target has answered our PSYNC. */
  answered(accepted: boolean): void {
    if (this.state !== "failover-in-progress") return;
    if (accepted) this.#end();
    else this.abort("Failover target rejected psync request");
  }

  /** Gives up: this server is the primary again. */
  abort(reason: string): void {
    if (!this.active) return;
    const target = this.#request?.target ?? null;
    const whom = target === null ? "any replica" : `${target.host}:${target.port}`;
    this.#host.notice(`FAILOVER to ${whom} aborted: ${reason}`);
    if (this.state === "failover-in-progress") this.#host.takeBack();
    this.#end();
  }

  #end(): void {
    this.state = "no-failover";
    this.#request = null;
    this.#deadlineMs = Infinity;
    this.#host.holdWrites(false);
  }
}
