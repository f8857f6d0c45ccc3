// What COMMAND DOCS says about the commands on lists.

import { double, int, key, keyword, many, oneof, opt, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the list group, for COMMAND DOCS. */
export const listDocs: GroupDocs = {
  BLMOVE: {
    summary: "Moves an element from one list to another, waiting while there is none",
    since: "6.2.0",
    complexity: "O(1)",
    arguments: [
      key("source"),
      key("destination", 1),
      oneof("wherefrom", token("LEFT"), token("RIGHT")),
      oneof("whereto", token("LEFT"), token("RIGHT")),
      double("timeout"),
    ],
  },
  BLMPOP: {
    summary: "Pops elements from the first non-empty list, waiting while all are empty",
    since: "7.0.0",
    complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
    arguments: [
      double("timeout"),
      int("numkeys"),
      many(key()),
      oneof("where", token("LEFT"), token("RIGHT")),
      opt(keyword("COUNT", int("count"))),
    ],
  },
  BLPOP: {
    summary: "Pops the first element of the first non-empty list, waiting while all are empty",
    since: "2.0.0",
    complexity: "O(N) where N is the number of provided keys.",
    history: [["6.0.0", "`timeout` may have a fractional part."]],
    arguments: [many(key()), double("timeout")],
  },
  BRPOP: {
    summary: "Pops the last element of the first non-empty list, waiting while all are empty",
    since: "2.0.0",
    complexity: "O(N) where N is the number of provided keys.",
    history: [["6.0.0", "`timeout` may have a fractional part."]],
    arguments: [many(key()), double("timeout")],
  },
  BRPOPLPUSH: {
    summary: "Moves the last element of a list to the head of another, waiting while there is none",
    since: "2.2.0",
    complexity: "O(1)",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
    history: [["6.0.0", "`timeout` may have a fractional part."]],
    arguments: [key("source"), key("destination", 1), double("timeout")],
  },
  LINDEX: {
    summary: "Returns the element at a position of a list",
    since: "1.0.0",
    complexity:
      "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).",
    arguments: [key(), int("index")],
  },
  LINSERT: {
    summary: "Puts an element in front of or behind a given one",
    since: "2.2.0",
    complexity:
      "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
    arguments: [key(), oneof("where", token("BEFORE"), token("AFTER")), str("pivot"), str("element")],
  },
  LLEN: {
    summary: "Counts the elements of a list",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  LMOVE: {
    summary: "Moves an element from an end of one list to an end of another",
    since: "6.2.0",
    complexity: "O(1)",
    arguments: [
      key("source"),
      key("destination", 1),
      oneof("wherefrom", token("LEFT"), token("RIGHT")),
      oneof("whereto", token("LEFT"), token("RIGHT")),
    ],
  },
  LMPOP: {
    summary: "Pops elements from the first non-empty list of several",
    since: "7.0.0",
    complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
    arguments: [
      int("numkeys"),
      many(key()),
      oneof("where", token("LEFT"), token("RIGHT")),
      opt(keyword("COUNT", int("count"))),
    ],
  },
  LPOP: {
    summary: "Pops elements from the head of a list",
    since: "1.0.0",
    complexity: "O(N) where N is the number of elements returned",
    history: [["6.2.0", "A `count` may be given."]],
    arguments: [key(), opt(since("6.2.0", int("count")))],
  },
  LPOS: {
    summary: "Finds the positions at which an element occurs in a list",
    since: "6.0.6",
    complexity:
      "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.",
    arguments: [
      key(),
      str("element"),
      opt(keyword("RANK", int("rank"))),
      opt(keyword("COUNT", int("num-matches"))),
      opt(keyword("MAXLEN", int("len"))),
    ],
  },
  LPUSH: {
    summary: "Puts elements at the head of a list",
    since: "1.0.0",
    complexity:
      "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    history: [["2.4.0", "More than one `element` may be given."]],
    arguments: [key(), many(str("element"))],
  },
  LPUSHX: {
    summary: "Puts elements at the head of a list that exists",
    since: "2.2.0",
    complexity:
      "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    history: [["4.0.0", "More than one `element` may be given."]],
    arguments: [key(), many(str("element"))],
  },
  LRANGE: {
    summary: "Returns the elements between two positions of a list",
    since: "1.0.0",
    complexity:
      "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.",
    arguments: [key(), int("start"), int("stop")],
  },
  LREM: {
    summary: "Removes occurrences of an element",
    since: "1.0.0",
    complexity: "O(N+M) where N is the length of the list and M is the number of elements removed.",
    arguments: [key(), int("count"), str("element")],
  },
  LSET: {
    summary: "Replaces the element at a position of a list",
    since: "1.0.0",
    complexity:
      "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
    arguments: [key(), int("index"), str("element")],
  },
  LTRIM: {
    summary: "Keeps the elements between two positions and drops the others",
    since: "1.0.0",
    complexity: "O(N) where N is the number of elements to be removed by the operation.",
    arguments: [key(), int("start"), int("stop")],
  },
  RPOP: {
    summary: "Pops elements from the tail of a list",
    since: "1.0.0",
    complexity: "O(N) where N is the number of elements returned",
    history: [["6.2.0", "A `count` may be given."]],
    arguments: [key(), opt(since("6.2.0", int("count")))],
  },
  RPOPLPUSH: {
    summary: "Moves the last element of a list to the head of another",
    since: "1.2.0",
    complexity: "O(1)",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
    arguments: [key("source"), key("destination", 1)],
  },
  RPUSH: {
    summary: "Puts elements at the tail of a list",
    since: "1.0.0",
    complexity:
      "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    history: [["2.4.0", "More than one `element` may be given."]],
    arguments: [key(), many(str("element"))],
  },
  RPUSHX: {
    summary: "Puts elements at the tail of a list that exists",
    since: "2.2.0",
    complexity:
      "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    history: [["4.0.0", "More than one `element` may be given."]],
    arguments: [key(), many(str("element"))],
  },
};
