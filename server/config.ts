/**
 * The settings of one server: read by everybody as plain fields, changed by redis.conf, the command line and CONFIG SET, shown by
 * CONFIG GET, kept by CONFIG REWRITE.
 *
 * CONFIG SET is all or nothing. Values are parsed one after the other into the fields; whatever fails (a value, or a
 * part of the server that cannot live with it and says so from its `onApply` hook) puts every field back.
 *
 * Nothing here changes the process: `dir` is a setting, not the process's working directory, so that several servers can
 * live in one program. File names of other directives are taken from it with `path()`.
 */
import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import {
  type Directive,
  DIRECTIVE_NAMES,
  type DirectiveName,
  DIRECTIVES,
  findDirective,
} from "./config_directives.ts";
import {
  type ConfigHost,
  fromBinary,
  isAbsolute,
  joinPath,
  missingFile,
  SystemError,
  SystemHost,
} from "./config_host.ts";
import { cString, splitWords } from "../types/quoting.ts";
import { rewriteText } from "./config_rewrite.ts";
import { ConfigError } from "./config_types.ts";
import { ConfigValues } from "./config_values.ts";

export type { ConfigValues, OutputBufferLimit, OutputBufferLimits, SavePoint } from "./config_values.ts";
export { ConfigError } from "./config_types.ts";

/** Adopts changed settings. Returns a text to veto them: everything is then put back and the client sees the text. */
export type ApplyHook = () => string | void;

/** Who asks for a change, and when. */
export interface SetContext {
  /** The client is on this machine (loopback address or unix socket): what "local" in enable-* means. */
  readonly local: boolean;
  /** A dataset is being loaded. */
  readonly loading: boolean;
  /** Takes a line for the log at warning level. */
  warn?(message: string): void;
}

interface Hook {
  readonly fields: ReadonlySet<string>;
  readonly apply: ApplyHook;
}

/** What a directive held before a change. */
interface Backup {
  readonly directive: Directive;
  readonly value: unknown;
  readonly exact: string | undefined;
}

const DEFAULTS: Readonly<ConfigValues> = new ConfigValues();
const LOADING = "LOADING Redis is loading the dataset in memory";

/** See the file comment. */
export class Config extends ConfigValues {
  /** Absolute path of the configuration file (binary string), "": none. */
  file = "";
  readonly host: ConfigHost;
  /** Texts of values that a number cannot hold exactly. */
  readonly #exact = new Map<Directive, string>();
  readonly #hooks: Hook[] = [];

  /** @param host the operating system, or a stand-in for tests */
  constructor(host: ConfigHost = new SystemHost()) {
    super();
    this.host = host;
    this.dir = host.startDirectory;
    // Clients can come by TLS (see listeners.ts) and a primary be followed by it; there is no cluster bus.
    this.onApply(["tls-cluster", "tls-replication"], () => {
      const lacksCertificate = this.tlsCertFile === "" || this.tlsKeyFile === "";
      if (this.tlsCluster || (this.tlsReplication && lacksCertificate)) {
        return "Unable to update TLS configuration. Check server logs.";
      }
    });
  }

  /** Whether the settings ask for TLS. */
  get usesTls(): boolean {
    return this.tlsPort !== 0 || this.tlsReplication || this.tlsCluster;
  }

  /** The system's path for a file name from a setting, relative to `dir`. */
  path(name: string): string {
    return fromBinary(joinPath(this.dir, name));
  }

  /**
   * Calls `apply` after CONFIG SET changed one of these directives (alias names are not needed). Hooks run in the order in
   * which they were registered, each at most once for one CONFIG SET.
   */
  onApply(names: string | readonly string[], apply: ApplyHook): void {
    const list = typeof names === "string" ? [names] : names;
    this.#hooks.push({ fields: new Set(list.map((name) => mustFind(name).directive.field)), apply });
  }

  /** The text of one setting as CONFIG GET shows it, by any of its names. */
  text(name: string): string {
    return this.#show(mustFind(name).directive);
  }

  /**
   * CONFIG GET: pairs of name and value. A name without wildcards is answered as it was spelled and finds hidden directives too;
   * each name comes once.
   */
  get(patterns: readonly string[]): [name: string, value: string][] {
    const matches = new Map<DirectiveName, string>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const row = findDirective(pattern);
        if (row && !matches.has(row)) matches.set(row, pattern);
        continue;
      }
      const glob = fromLatin1(pattern);
      for (const row of DIRECTIVE_NAMES.values()) {
        if (row.directive.hidden || matches.has(row)) continue;
        const name = fromLatin1(row.name);
        if (globMatch(glob, 0, glob.length, name, 0, name.length, true)) matches.set(row, row.name);
      }
    }
    return [...matches].map(([row, name]) => [name, this.#show(row.directive)]);
  }

  /**
   * CONFIG SET with names and values in turn.
   * @returns the error reply without its "-", or undefined when everything was set
   */
  set(pairs: readonly string[], context: SetContext): string | undefined {
    if (pairs.length === 0 || pairs.length % 2 !== 0) return "ERR syntax error";
    const rows = this.#rowsToSet(pairs, context);
    if (typeof rows === "string") return rows;
    const backups: Backup[] = rows.map(({ directive }) => this.#backup(directive));
    const changed = new Map<string, string>();
    for (const [i, row] of rows.entries()) {
      try {
        if (this.#assign(row.directive, wordsOf(row.directive, pairs[2 * i + 1]!), false, false)) {
          changed.set(row.directive.field, row.name);
        }
      } catch (error) {
        this.#restore(backups);
        return failed(row.name, textOf(error));
      }
    }
    return this.#apply(changed, backups, context);
  }

  /** The rows that a CONFIG SET names, or its error. */
  #rowsToSet(pairs: readonly string[], context: SetContext): DirectiveName[] | string {
    const rows: DirectiveName[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const name = cString(pairs[i]!);
      const row = findDirective(pairs[i]!);
      if (!row) return `ERR Unknown option or number of arguments for CONFIG SET - '${name}'`;
      const { immutable, protected: guarded, denyLoading } = row.directive;
      if (immutable) return failed(name, "can't set immutable config");
      if (guarded && !allowsProtected(this.enableProtectedConfigs, context.local)) {
        return failed(name, "can't set protected config");
      }
      if (denyLoading && context.loading) return LOADING;
      if (rows.includes(row)) return failed(name, "duplicate parameter");
      rows.push(row);
    }
    return rows;
  }

  /** Runs the hooks of the changed fields; on a veto puts everything back and lets the hooks that ran adopt that. */
  #apply(changed: ReadonlyMap<string, string>, backups: Backup[], context: SetContext): string | undefined {
    const ran: Hook[] = [];
    for (const hook of this.#hooks) {
      const field = [...changed.keys()].find((field) => hook.fields.has(field));
      if (field === undefined) continue;
      ran.push(hook);
      const veto = hook.apply();
      if (veto === undefined) continue;
      const name = changed.get(field)!;
      context.warn?.(
        `Failed applying new configuration. Possibly related to new ${name} setting. Restoring previous settings.`,
      );
      this.#restore(backups);
      for (const { apply } of ran) {
        const failure = apply();
        if (failure !== undefined) {
          context.warn?.(`Failed applying restored failed CONFIG SET command: ${failure}`);
        }
      }
      return failed(name, veto);
    }
    return undefined;
  }

  /**
   * Sets a directive from a line of redis.conf or of the command line.
   * @param words what follows the name
   * @param first no line before named this directive: save points do not add to the default ones
   * @throws ConfigError
   */
  setFromFile(directive: Directive, words: readonly string[], first: boolean): void {
    if (!directive.multi) {
      if (words.length !== 1) throw new ConfigError("wrong number of arguments");
    } else if (words.length === 1) {
      words = splitWords(words[0]!) ?? []; // `--bind "127.0.0.1 ::1"`
    }
    this.#assign(directive, words, true, first);
  }

  /** Puts every setting back to its default, without asking or telling anybody. */
  resetToDefaults(): void {
    Object.assign(this, new ConfigValues());
    this.#exact.clear();
    this.dir = this.host.startDirectory;
  }

  /**
   * CONFIG REWRITE: writes the settings into the configuration file.
   * @param userLines the `user ...` lines of the ACL, or undefined when they are kept in an `aclfile`
   * @param force writes every setting, also those that have their default and are not in the file
   * @returns what went wrong, or undefined; the caller has checked that there is a file
   */
  rewrite(userLines: readonly string[] | undefined, force = false): string | undefined {
    try {
      const text = rewriteText(this.#oldFile(), this.#rewrittenLines(), userLines, force);
      this.host.replaceFile(this.file, text);
    } catch (error) {
      return textOf(error);
    }
  }

  /** The configuration file as it is, "" when somebody removed it. */
  #oldFile(): string {
    try {
      return this.host.readFile(this.file);
    } catch (error) {
      if (error instanceof SystemError && error.missing) return "";
      throw error;
    }
  }

  /** Name and lines of every directive for a rewritten file. */
  #rewrittenLines() {
    return DIRECTIVES.map((directive) => {
      const { name, type, field } = directive;
      if (type.lines) return { name, lines: type.lines(name, this[field], DEFAULTS[field]) };
      const shown = this.#show(directive);
      const force = shown !== type.format(DEFAULTS[field]);
      return { name, lines: [{ text: `${name} ${type.write ? type.write(shown) : shown}`, force }] };
    });
  }

  #show(directive: Directive): string {
    return this.#exact.get(directive) ?? directive.type.format(this[directive.field]);
  }

  /** Parses words into the directive's field; true when the setting is another one now. */
  #assign(directive: Directive, words: readonly string[], fromFile: boolean, first: boolean): boolean {
    const before = this.#show(directive);
    const old = this[directive.field];
    let exact: string | undefined;
    const value = directive.type.parse(words, {
      current: this[directive.field],
      fromFile,
      first,
      changeDirectory: (path) => this.#changeDirectory(path),
      showAs: (text) => exact = text,
    });
    this.#put(directive, value, exact);
    // The text does not tell everything: "KEA" and "KEAn" of notify-keyspace-events look the same.
    const sameValue = typeof value === "object" || value === old;
    if (sameValue && this.#show(directive) === before) return false;
    if (directive.settle && (!fromFile || directive.settleOnLoad)) {
      this.#put(directive, directive.settle(value as number, this), exact);
    }
    return true;
  }

  #put(directive: Directive, value: unknown, exact: string | undefined): void {
    (this as Record<string, unknown>)[directive.field] = value;
    if (exact === undefined) this.#exact.delete(directive);
    else this.#exact.set(directive, exact);
  }

  #changeDirectory(path: string): string {
    if (path === "") throw missingFile();
    return this.host.realDirectory(isAbsolute(path) ? path : joinPath(this.dir, path));
  }

  #backup(directive: Directive): Backup {
    return { directive, value: this[directive.field], exact: this.#exact.get(directive) };
  }

  #restore(backups: readonly Backup[]): void {
    for (const { directive, value, exact } of backups) this.#put(directive, value, exact);
  }
}

/** The words of a text given to CONFIG SET: a multi-valued directive's are separated by single spaces. */
function wordsOf(directive: Directive, text: string): string[] {
  return directive.multi ? text.split(" ") : [text];
}

function mustFind(name: string): DirectiveName {
  const found = findDirective(name);
  if (!found) throw new Error(`no such directive: ${name}`);
  return found;
}

function failed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

/** The text of an error that a value's parser may throw; others are defects and go on. */
function textOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof SystemError) return error.message;
  throw error;
}

/** Whether a setting of the enable-* kind lets a client do what it guards. */
export function allowsProtected(setting: "no" | "yes" | "local", local: boolean): boolean {
  return setting === "yes" || (setting === "local" && local);
}

/** The error of a command that an enable-* setting forbids, e.g. DEBUG by enable-debug-command. */
export function protectedCommandError(command: string, setting: string): string {
  return `ERR ${command} command not allowed. If the ${setting} option is set to "local", you can run it from a local ` +
    "connection, otherwise you need to set this option in the configuration file, and then restart the server.";
}
