/**
 * Stages whose feature is not built yet: none. A stage that a newer course brings may wait here until it is; `deno
 * task codecrafters` plays all of them, listed here or not.
 */
export const PENDING: ReadonlySet<string> = new Set<string>();
