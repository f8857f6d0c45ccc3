/**
 * Version numbers, in one place: what we say we are compatible with, and what we are.
 */

/** The Redis release whose replies, files and configuration this server follows. */
export const REDIS_VERSION = "7.0.15";

/** This server's own release. */
export const TOY_REDIS_VERSION = "0.1.0";
