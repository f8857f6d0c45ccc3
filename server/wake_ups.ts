/**
 * Clients that go on outside of their own turn: who was blocked, held back or put aside and has a reply now, and who is sent
 * messages. They do so when the batch of requests that is being run is over, so that a turn of one client ends before
 * another one's begins, and all that is appended for a client in one batch leaves in one write.
 */

import { type Client, ReplyMode, type Transport } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** Those of one server. */
export class WakeUps {
  readonly #server: RedisServer;
  /** Clients whose further requests wait for the end of the current batch. */
  readonly #resumable: Client[] = [];
  #resuming = false;
  /** Whose replies leave when all requests that came in this turn of the event loop have run. */
  #answered: Transport[] = [];
  #sending: Transport[] = [];
  /** Whose output is to be sent when the batch going on is over. */
  readonly #woken: Transport[] = [];

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** A client got a reply outside of its own turn; its further requests run after the current batch. */
  wake(client: Client): void {
    if (client.reply !== client.out) client.reply.rewind(0); // nobody has asked for it
    if (client.replyMode === ReplyMode.SKIP_WAITING && client.waiting === null) {
      client.replyMode = ReplyMode.SKIP;
      client.settleReplies();
    }
    this.#resumable.push(client);
    if (this.#server.dispatcher.depth === 0) queueMicrotask(() => this.afterBatch());
  }

  /**
   * Has a client's replies sent when all requests that came in this turn of the event loop have run, as redis-server does.
   * Sent at once, they would bring the client's next request while its socket is still being looked at, and that would
   * overtake what others have sent before.
   */
  answerSoon(transport: Transport): void {
    if (this.#answered.push(transport) === 1) queueMicrotask(this.#answer);
  }

  readonly #answer = (): void => {
    const sending = this.#answered;
    this.#answered = this.#sending;
    for (let i = 0; i < sending.length; i++) sending[i]!.wake();
    sending.length = 0;
    this.#sending = sending;
  };

  /** Has a client's output sent when the batch going on is over, or at once where there is none. */
  wakeSoon(transport: Transport): void {
    if (this.#woken.push(transport) > 1) return;
    queueMicrotask(() => {
      for (const each of this.#woken.splice(0)) each.wake();
    });
  }

  /**
   * A request of this client's was held back and may run now, and all that came in behind it, before the next client's. Not at
   * once: the end of a pause is itself a command, which may stand in a transaction or in front of more of its pipeline.
   */
  release(client: Client): void {
    this.#resumable.push(client);
    if (this.#server.dispatcher.depth === 0) queueMicrotask(() => this.afterBatch());
  }

  #runHeld(client: Client): void {
    const args = client.postponed!;
    client.postponed = null;
    if (client.closed) return;
    client.args = args;
    this.#server.dispatcher.process(client);
    if (client.reply !== client.out) client.reply.rewind(0); // nobody has asked for it
  }

  /**
   * Called after each batch of requests: clients that were woken in it go on. `more`: the batch ended because the read
   * buffer did, so the rest of the pipeline is likely to be the next batch, and shares its messages to broadcasting
   * clients.
   */
  afterBatch(more = false): void {
    if (this.#resuming) return; // a resumed client's batch: the loop below goes on
    this.#resuming = true;
    this.#server.store.keyHash.end();
    try {
      while (this.#resumable.length > 0) {
        const client = this.#resumable.shift()!;
        if (client.postponed !== null) this.#runHeld(client);
        client.transport?.resume();
      }
    } finally {
      this.#resuming = false;
    }
    const { tracking } = this.#server;
    if (more) tracking.broadcastSoon();
    else tracking.broadcast();
  }
}
