/** Keyspace notifications: decides what is published for an event, and in which order. */

import { Notify } from "../commands/notify_classes.ts";
import { latin1 } from "../types/bytes.ts";

/** Publishes a message on a channel; both are bytes as latin1 text. */
export type Publish = (channel: string, message: string) => void;

/** Turns events of keys into messages, as configured by notify-keyspace-events. */
export class Notifier {
  /** The classes that are on, as bits of Notify; 0 where nothing is published. */
  classes = 0;
  readonly #publish: Publish;

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** Publishes one event; the caller has checked that its class is on. Keyspace before keyevent, as Redis. */
  publish(_type: number, event: string, buf: Uint8Array, start: number, end: number, db: number): void {
    const key = latin1(buf, start, end);
    if ((this.classes & Notify.KEYSPACE) !== 0) this.#publish(`__keyspace@${db}__:${key}`, event);
    if ((this.classes & Notify.KEYEVENT) !== 0) this.#publish(`__keyevent@${db}__:${event}`, key);
  }
}
