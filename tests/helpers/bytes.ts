/**
 * Binary strings: the test suite's one representation of bytes that a person must read, sort or compare.
 *
 * A binary string holds one character (U+0000 to U+00FF) per byte, so two replies compare with `===`, sort with
 * the default order and print with `quote`. TextDecoder's "latin1" is windows-1252 and loses bytes; Buffer's is not.
 */
import { Buffer } from "node:buffer";

/** Bytes to a binary string. */
export function toText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** A binary string to bytes. Throws on characters beyond U+00FF: encode such text yourself and pass the bytes. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`not a binary string (character ${i} of ${JSON.stringify(text)})`);
    bytes[i] = code;
  }
  return bytes;
}

const ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x07": "\\a", "\b": "\\b" };

/** A binary string in redis-cli's quoted form: printable ASCII as it is, everything else escaped. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") out += "\\" + char;
    else if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (code < 0x20 || code > 0x7e) out += "\\x" + code.toString(16).padStart(2, "0");
    else out += char;
  }
  return out + '"';
}

/** As `quote`, but bare where a bare word means the same: for transcripts that people read. */
export function quoteIfNeeded(text: string): string {
  return /^[A-Za-z0-9_.:*?+\-\/()\[\]$@!<>=,^|&%]+$/.test(text) ? text : quote(text);
}

const UNESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

/**
 * Splits a line into arguments by redis-cli's quoting rules: "..." with escapes (\xHH, \n, \r, \t, \a, \b), '...'
 * with only \' escaped, a closing quote followed by a space or the end. Throws on unbalanced quotes.
 */
export function splitArgs(line: string): string[] {
  const args: string[] = [];
  let i = 0;
  while (i < line.length) {
    while (i < line.length && /\s/.test(line[i]!)) i++;
    if (i >= line.length) break;
    let arg = "";
    while (i < line.length && !/\s/.test(line[i]!)) {
      const char = line[i]!;
      if (char !== '"' && char !== "'") {
        arg += char;
        i++;
        continue;
      }
      const [text, next] = char === '"' ? doubleQuoted(line, i + 1) : singleQuoted(line, i + 1);
      arg += text;
      i = next;
      if (i < line.length && !/\s/.test(line[i]!)) {
        throw new SyntaxError(`closing quote must be followed by a space: ${line}`);
      }
    }
    args.push(arg);
  }
  return args;
}

function doubleQuoted(line: string, from: number): [string, number] {
  let text = "";
  for (let i = from; i < line.length; i++) {
    if (line[i] === '"') return [text, i + 1];
    if (line[i] !== "\\") {
      text += line[i];
      continue;
    }
    const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(i + 1, i + 4));
    if (hex) {
      text += String.fromCharCode(parseInt(hex[1]!, 16));
      i += 3;
    } else {
      i++;
      const char = line[i] ?? "";
      text += UNESCAPES[char] ?? char;
    }
  }
  throw new SyntaxError(`unbalanced quotes: ${line}`);
}

function singleQuoted(line: string, from: number): [string, number] {
  let text = "";
  for (let i = from; i < line.length; i++) {
    if (line[i] === "'") return [text, i + 1];
    if (line[i] === "\\" && line[i + 1] === "'") i++;
    text += line[i];
  }
  throw new SyntaxError(`unbalanced quotes: ${line}`);
}
