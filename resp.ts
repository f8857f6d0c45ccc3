/**
 * The wire: RESP2 and RESP3 requests in, replies out. Knows no command.
 *
 * The reader hands out *batches*, not requests: one read from the socket, then every complete frame in the buffer is
 * parsed and executed synchronously. A frame's arguments are spans of the read buffer; nothing is copied or decoded
 * until a command asks. The writer is one growing buffer; a handler calls it once per reply and the protocol of the
 * client decides how that looks on the wire.
 *
 * Source: the protocol specification (redis.io/docs/reference/protocol-spec) and the limits of redis-server 7.0.15.
 */

export { isPlain, type RequestFrame } from "./resp/frame.ts";
export { ProtocolError, type ReaderLimits, RequestReader } from "./resp/reader.ts";
export { Reply } from "./resp/reply.ts";
