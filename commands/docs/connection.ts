// What COMMAND DOCS says about the commands on the connection itself and on other clients.

import {
  block,
  deprecated,
  int,
  keyword,
  many,
  oneof,
  opt,
  repeated,
  since,
  str,
  token,
} from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the connection group, for COMMAND DOCS. */
export const connectionDocs: GroupDocs = {
  AUTH: {
    summary: "Logs the connection in with a password, or a user name and password",
    since: "1.0.0",
    complexity: "O(N) where N is the number of passwords defined for the user",
    history: [["6.0.0", "A user name may precede the password, for ACL users."]],
    arguments: [opt(since("6.0.0", str("username"))), str("password")],
  },
  CLIENT: {
    summary: "Groups the subcommands about client connections",
    since: "2.4.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      CACHING: {
        summary: "Says whether the keys of the next command are to be tracked",
        since: "6.0.0",
        complexity: "O(1)",
        arguments: [oneof("mode", token("YES"), token("NO"))],
      },
      GETNAME: {
        summary: "Returns the name given to this connection",
        since: "2.6.9",
        complexity: "O(1)",
      },
      GETREDIR: {
        summary: "Returns the ID of the client that receives this connection's invalidation messages",
        since: "6.0.0",
        complexity: "O(1)",
      },
      HELP: {
        summary: "Lists the subcommands of CLIENT",
        since: "5.0.0",
        complexity: "O(1)",
      },
      ID: {
        summary: "Returns the ID of this connection",
        since: "5.0.0",
        complexity: "O(1)",
      },
      INFO: {
        summary: "Describes this connection in the format of CLIENT LIST",
        since: "6.2.0",
        complexity: "O(1)",
      },
      KILL: {
        summary: "Closes client connections chosen by address, ID, type or user",
        since: "2.4.0",
        complexity: "O(N) where N is the number of client connections",
        history: [
          ["2.8.12", "Clients can be chosen by filters."],
          ["2.8.12", "The filter `ID`."],
          ["3.2.0", "The `TYPE` filter accepts `master`."],
          ["5.0.0", "The type `slave` is called `replica`; the old word is still accepted."],
          ["6.2.0", "The filter `LADDR`."],
        ],
        arguments: [
          oneof(
            "filter",
            deprecated("2.8.12", str("ip:port")),
            many(
              oneof(
                "new-format",
                opt(since("2.8.12", keyword("ID", int("client-id")))),
                opt(
                  since(
                    "2.8.12",
                    keyword(
                      "TYPE",
                      oneof(
                        "normal_master_slave_pubsub",
                        token("NORMAL"),
                        since("3.2.0", token("MASTER")),
                        token("SLAVE"),
                        since("5.0.0", token("REPLICA")),
                        token("PUBSUB"),
                      ),
                    ),
                  ),
                ),
                opt(keyword("USER", str("username"))),
                opt(keyword("ADDR", str("ip:port"))),
                opt(since("6.2.0", keyword("LADDR", str("ip:port")))),
                opt(keyword("SKIPME", str("yes/no"))),
              ),
            ),
          ),
        ],
      },
      LIST: {
        summary: "Lists the client connections, one line for each",
        since: "2.4.0",
        complexity: "O(N) where N is the number of client connections",
        history: [
          ["2.8.12", "Every line carries the client's unique `id`."],
          ["5.0.0", "The list can be restricted with `TYPE`."],
          ["6.0.0", "The field `user`."],
          ["6.2.0", "The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and the filter `ID`."],
          ["7.0.0", "The fields `resp`, `multi-mem`, `rbs` and `rbp`."],
          ["7.0.3", "The field `ssub`."],
        ],
        arguments: [
          opt(
            since(
              "5.0.0",
              keyword(
                "TYPE",
                oneof(
                  "normal_master_replica_pubsub",
                  token("NORMAL"),
                  token("MASTER"),
                  token("REPLICA"),
                  token("PUBSUB"),
                ),
              ),
            ),
          ),
          opt(since("6.2.0", keyword("ID", block("id", many(int("client-id")))))),
        ],
      },
      "NO-EVICT": {
        summary: "Exempts this connection from client eviction, or ends the exemption",
        since: "7.0.0",
        complexity: "O(1)",
        arguments: [oneof("enabled", token("ON"), token("OFF"))],
      },
      PAUSE: {
        summary: "Holds back the commands of all clients for a while",
        since: "2.9.50",
        complexity: "O(1)",
        history: [["6.2.0", "A `mode` was added: `CLIENT PAUSE WRITE` holds back writes only."]],
        arguments: [int("timeout"), opt(since("6.2.0", oneof("mode", token("WRITE"), token("ALL"))))],
      },
      REPLY: {
        summary: "Switches replies to this connection on or off, or skips the next one",
        since: "3.2.0",
        complexity: "O(1)",
        arguments: [oneof("on_off_skip", token("ON"), token("OFF"), token("SKIP"))],
      },
      SETNAME: {
        summary: "Gives this connection a name",
        since: "2.6.9",
        complexity: "O(1)",
        arguments: [str("connection-name")],
      },
      TRACKING: {
        summary: "Switches invalidation messages for client-side caches on or off",
        since: "6.0.0",
        complexity: "O(1). Some options may introduce additional complexity.",
        arguments: [
          oneof("status", token("ON"), token("OFF")),
          opt(keyword("REDIRECT", int("client-id"))),
          opt(repeated(keyword("PREFIX", str("prefix")))),
          opt(token("BCAST")),
          opt(token("OPTIN")),
          opt(token("OPTOUT")),
          opt(token("NOLOOP")),
        ],
      },
      TRACKINGINFO: {
        summary: "Describes how client-side caching is set up for this connection",
        since: "6.2.0",
        complexity: "O(1)",
      },
      UNBLOCK: {
        summary: "Ends the wait of a client that another command has blocked",
        since: "5.0.0",
        complexity: "O(log N) where N is the number of client connections",
        arguments: [int("client-id"), opt(oneof("timeout_error", token("TIMEOUT"), token("ERROR")))],
      },
      UNPAUSE: {
        summary: "Ends CLIENT PAUSE",
        since: "6.2.0",
        complexity: "O(N) Where N is the number of paused clients",
      },
    },
  },
  ECHO: {
    summary: "Returns its argument",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [str("message")],
  },
  HELLO: {
    summary: "Negotiates the protocol version and describes the server",
    since: "6.0.0",
    complexity: "O(1)",
    history: [[
      "6.2.0",
      "`protover` may be left out: the call then only reports the state of the connection.",
    ]],
    arguments: [
      opt(
        block(
          "arguments",
          int("protover"),
          opt(keyword("AUTH", block("username_password", str("username"), str("password")))),
          opt(keyword("SETNAME", str("clientname"))),
        ),
      ),
    ],
  },
  PING: {
    summary: "Tests that the server answers",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [opt(str("message"))],
  },
  QUIT: {
    summary: "Ends the connection",
    since: "1.0.0",
    complexity: "O(1)",
  },
  RESET: {
    summary: "Returns the connection to its initial state",
    since: "6.2.0",
    complexity: "O(1)",
  },
  SELECT: {
    summary: "Chooses the database this connection works on",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [int("index")],
  },
};
