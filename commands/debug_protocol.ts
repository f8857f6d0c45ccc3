/** DEBUG PROTOCOL: a reply of each type there is, for those who write clients. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";

const UNKNOWN = new CommandError(
  "ERR Wrong protocol type name. Please use one of the following: " +
    "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
const NO_PUSH = new CommandError("ERR RESP2 is not supported by this command");

/** DEBUG PROTOCOL type */
export function debugProtocol(ctx: Context, args: Args): void {
  const { reply } = ctx;
  switch (args.text(2).toLowerCase()) {
    case "string":
      return reply.bulkText("Hello World");
    case "integer":
      return reply.integer(12345);
    case "double":
      return reply.doubleText("3.141");
    case "bignum":
      return reply.bigNumber("1234567999999999999999999999999999999");
    case "null":
      return reply.null();
    case "array":
      reply.array(3);
      return threeIntegers(ctx);
    case "set":
      reply.set(3);
      return threeIntegers(ctx);
    case "map":
      reply.map(3);
      for (let i = 0; i < 3; i++) {
        reply.integer(i);
        reply.boolean(i === 1);
      }
      return;
    case "attrib":
      return attribute(ctx);
    case "push":
      return push(ctx);
    case "verbatim":
      return reply.verbatim("This is a verbatim\nstring");
    case "true":
      return reply.boolean(true);
    case "false":
      return reply.boolean(false);
  }
  throw UNKNOWN;
}

function threeIntegers({ reply }: Context): void {
  for (let i = 0; i < 3; i++) reply.integer(i);
}

/** A reply with an attribute before it, which RESP2 does not know. */
function attribute({ reply }: Context): void {
  if (reply.protocol >= 3) {
    reply.attribute(1);
    reply.bulkText("key-popularity");
    reply.array(2);
    reply.bulkText("key:123");
    reply.integer(90);
  }
  reply.bulkText("Some real reply following the attribute");
}

/** A push is no reply: one follows, so that a client that waits gets what it waits for. */
function push({ reply }: Context): void {
  if (reply.protocol < 3) throw NO_PUSH;
  reply.push(2);
  reply.bulkText("server-cpu-usage");
  reply.integer(42);
  reply.bulkText("Some real reply following the push reply");
}
