/**
 * The scripts that EVAL and SCRIPT LOAD have brought, by digest and by text.
 *
 * A client that sends the same text time and again must not pay for its digest each time: a small table in front finds a
 * script by some of its bytes, and compares all of them, which is a fraction of hashing them.
 */

import type { LuaFunction } from "../../lua/value.ts";
import { equalBytes } from "../../types/bytes.ts";
import { SHA1_DIGITS, sha1Hex } from "../../types/sha1.ts";

/** A script that has been compiled. */
export interface Script {
  /** SHA1_DIGITS, lower case. */
  readonly sha: string;
  readonly source: Uint8Array;
  readonly fn: LuaFunction;
  /** ScriptFlag bits. */
  readonly flags: number;
}

const SLOTS = 1024;
/** Bytes that choose the slot: about so many, spread over the text. */
const SAMPLED = 16;
/** Bytes that a script takes beside its text: digest, records of both tables. */
const RECORD_BYTES = 200;

/** The script cache of one server. */
export class ScriptCache {
  readonly #bySha = new Map<number, Script[]>();
  readonly #recent: (Script | undefined)[] = new Array(SLOTS).fill(undefined);
  /** Scripts, and bytes of their texts. */
  size = 0;
  #textBytes = 0;

  /** Bytes of texts and tables, without what the compiled scripts take. */
  get bytes(): number {
    return this.#textBytes + this.size * RECORD_BYTES;
  }

  /** Bytes of all texts. */
  get textBytes(): number {
    return this.#textBytes;
  }

  /** The script with the text `buf[start, end)`. */
  findText(buf: Uint8Array, start: number, end: number): Script | undefined {
    const slot = slotOf(buf, start, end);
    const recent = this.#recent[slot];
    if (recent !== undefined && equalBytes(recent.source, 0, recent.source.length, buf, start, end)) {
      return recent;
    }
    if (this.size === 0) return undefined;
    const script = this.#get(sha1Hex(buf, start, end));
    if (script !== undefined) this.#recent[slot] = script;
    return script;
  }

  /** The script with the digest `buf[start, end)`, in digits of any case. */
  findSha(buf: Uint8Array, start: number, end: number): Script | undefined {
    if (end - start !== SHA1_DIGITS) return undefined;
    let prefix = 0;
    for (let i = start; i < start + 8; i++) {
      prefix = prefix << 4 | (buf[i]! & 15) + (buf[i]! > 57 ? 9 : 0) & 15;
    }
    const scripts = this.#bySha.get(prefix);
    if (scripts === undefined) return undefined;
    for (const script of scripts) if (isSha(script.sha, buf, start)) return script;
    return undefined;
  }

  add(script: Script): void {
    const prefix = parseInt(script.sha.slice(0, 8), 16) | 0;
    const scripts = this.#bySha.get(prefix);
    if (scripts === undefined) this.#bySha.set(prefix, [script]);
    else scripts.push(script);
    this.size++;
    this.#textBytes += script.source.length;
  }

  clear(): void {
    this.#bySha.clear();
    this.#recent.fill(undefined);
    this.size = this.#textBytes = 0;
  }

  #get(sha: string): Script | undefined {
    return this.#bySha.get(parseInt(sha.slice(0, 8), 16) | 0)?.find((script) => script.sha === sha);
  }
}

function slotOf(buf: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const step = Math.max(1, Math.floor(length / SAMPLED));
  let hash = length;
  for (let i = start; i < end; i += step) hash = Math.imul(hash, 31) + buf[i]! | 0;
  return hash & SLOTS - 1;
}

function isSha(sha: string, buf: Uint8Array, start: number): boolean {
  for (let i = 0; i < SHA1_DIGITS; i++) {
    let byte = buf[start + i]!;
    if (byte >= 65 && byte <= 90) byte += 32;
    if (byte !== sha.charCodeAt(i)) return false;
  }
  return true;
}
