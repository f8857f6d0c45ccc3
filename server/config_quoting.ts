/**
 * The quoting rules that redis.conf and the command line share: words are separated by blanks; "..." knows \xHH, \n, \r, \t,
 * \b, \a and \ before any other character; '...' knows only \'; a closing quote must be followed by a blank or the end.
 * Works on binary strings (one character for each byte).
 */

/** The text up to the first NUL: what is left of a value that Redis keeps as a C string. */
export function cString(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}

const BLANK = /[ \t\n\v\f\r]/;
/** What ends a bare word: fewer characters than those skipped between words, as with Redis. */
const WORD_END = /[ \t\n\r]/;
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** The words of a line (up to a NUL), or undefined when its quotes are not balanced. */
export function splitWords(text: string): string[] | undefined {
  const line = cString(text);
  const words: string[] = [];
  let at = 0;
  while (true) {
    while (at < line.length && BLANK.test(line[at]!)) at++;
    if (at >= line.length) return words;
    let word = "";
    while (at < line.length && !WORD_END.test(line[at]!)) {
      const char = line[at++]!;
      if (char !== '"' && char !== "'") {
        word += char;
        continue;
      }
      const end = char === '"' ? endOfDouble(line, at) : endOfSingle(line, at);
      if (end < 0 || (end + 1 < line.length && !BLANK.test(line[end + 1]!))) return undefined;
      const inner = line.slice(at, end);
      word += char === '"' ? unescape(inner) : inner.replaceAll("\\'", "'");
      at = end + 1;
      break;
    }
    words.push(word);
  }
}

/** Index of the quote that closes a double-quoted text which starts at `at`, or -1. */
function endOfDouble(line: string, at: number): number {
  while (at < line.length && line[at] !== '"') at += line[at] === "\\" ? 2 : 1;
  return at < line.length ? at : -1;
}

/** The same for single quotes, in which a backslash escapes nothing but a quote. */
function endOfSingle(line: string, at: number): number {
  while (at < line.length && line[at] !== "'") at += line[at] === "\\" && line[at + 1] === "'" ? 2 : 1;
  return at < line.length ? at : -1;
}

function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([^]))/g, (_, hex?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return ESCAPES[char!] ?? char!;
  });
}

const QUOTED: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\x07": "\\a",
  "\b": "\\b",
};

/** The text in double quotes, so that `splitWords` gives it back: printable ASCII as it is, the rest escaped. */
export function quoted(text: string): string {
  const inner = text.replace(/[^ !#-[\]-~]/g, (char) => {
    return QUOTED[char] ?? "\\x" + char.charCodeAt(0).toString(16).padStart(2, "0");
  });
  return `"${inner}"`;
}
