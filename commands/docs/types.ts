// The shape of what COMMAND DOCS tells about a command. The documentation lives apart from the command table because
// it is long and only read on request: a reader of commands/hash.ts wants to see code, a reader of
// commands/docs/hash.ts wants to see syntax. All facts (names, types, tokens, versions, complexities) are those of
// 7.0.15, since client libraries generate code from them; summaries and histories are in this project's own words.

/** How an argument is to be read. `pure-token` is a bare keyword; `oneof` and `block` have arguments of their own. */
export type ArgumentType =
  | "string"
  | "integer"
  | "double"
  | "key"
  | "pattern"
  | "unix-time"
  | "pure-token"
  | "oneof"
  | "block";

/** What may be said of an argument: it may be missing, may occur several times, and may repeat its keyword then. */
export type ArgumentFlag = "optional" | "multiple" | "multiple_token";

/** One argument of a command, in the words of notation.ts. */
export interface Argument {
  name: string;
  type: ArgumentType;
  /** For keys and patterns of keys: the index of the key spec in the command's row that stands for them. */
  keySpec?: number;
  /** The keyword that precedes the argument, or that is the argument. */
  token?: string;
  /** The version that brought the argument, when it is younger than its command. */
  since?: string;
  deprecatedSince?: string;
  /** In the order of ArgumentFlag. */
  flags?: readonly ArgumentFlag[];
  arguments?: readonly Argument[];
}

/** The documentation of one command or subcommand. */
export interface CommandDocs {
  summary: string;
  /** The version that brought the command. */
  since: string;
  complexity?: string;
  docFlags?: readonly ("deprecated" | "syscmd")[];
  deprecatedSince?: string;
  replacedBy?: string;
  /** What changed since, as [version, change], oldest first. */
  history?: readonly (readonly [version: string, change: string])[];
  arguments?: readonly Argument[];
  subcommands?: GroupDocs;
}

/** Documentation by command name in upper case. */
export type GroupDocs = Readonly<Record<string, CommandDocs>>;
