// What COMMAND DOCS says about the commands on single bits and bit fields of strings.

import { block, int, key, keyword, many, oneof, opt, repeated, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the bitmap group, for COMMAND DOCS. */
export const bitmapDocs: GroupDocs = {
  BITCOUNT: {
    summary: "Counts the bits set to 1 in a string or in a range of it",
    since: "2.6.0",
    complexity: "O(N)",
    history: [["7.0.0", "A range may be given in bytes or in bits, with `BYTE|BIT`."]],
    arguments: [
      key(),
      opt(
        block(
          "index",
          int("start"),
          int("end"),
          opt(since("7.0.0", oneof("index_unit", token("BYTE"), token("BIT")))),
        ),
      ),
    ],
  },
  BITFIELD: {
    summary: "Reads, writes and increments integers of any width packed into a string",
    since: "3.2.0",
    complexity: "O(1) for each subcommand specified",
    arguments: [
      key(),
      opt(
        many(
          oneof(
            "operation",
            keyword("GET", block("encoding_offset", str("encoding"), int("offset"))),
            block(
              "write",
              opt(keyword("OVERFLOW", oneof("wrap_sat_fail", token("WRAP"), token("SAT"), token("FAIL")))),
              oneof(
                "write_operation",
                keyword("SET", block("encoding_offset_value", str("encoding"), int("offset"), int("value"))),
                keyword(
                  "INCRBY",
                  block("encoding_offset_increment", str("encoding"), int("offset"), int("increment")),
                ),
              ),
            ),
          ),
        ),
      ),
    ],
  },
  BITFIELD_RO: {
    summary: "Reads integers of any width packed into a string",
    since: "6.0.0",
    complexity: "O(1) for each subcommand specified",
    arguments: [
      key(),
      opt(repeated(keyword("GET", block("encoding_offset", str("encoding"), int("offset"))))),
    ],
  },
  BITOP: {
    summary: "Combines strings bit by bit (AND, OR, XOR, NOT) and stores the outcome",
    since: "2.6.0",
    complexity: "O(N)",
    arguments: [str("operation"), key("destkey"), many(key("key", 1))],
  },
  BITPOS: {
    summary: "Finds the position of the first 1 or 0 bit",
    since: "2.8.7",
    complexity: "O(N)",
    history: [["7.0.0", "A range may be given in bytes or in bits, with `BYTE|BIT`."]],
    arguments: [
      key(),
      int("bit"),
      opt(
        block(
          "index",
          int("start"),
          opt(
            block(
              "end_index",
              int("end"),
              opt(since("7.0.0", oneof("index_unit", token("BYTE"), token("BIT")))),
            ),
          ),
        ),
      ),
    ],
  },
  GETBIT: {
    summary: "Reads one bit of a string",
    since: "2.2.0",
    complexity: "O(1)",
    arguments: [key(), int("offset")],
  },
  SETBIT: {
    summary: "Writes one bit of a string and returns the bit it replaced",
    since: "2.2.0",
    complexity: "O(1)",
    arguments: [key(), int("offset"), int("value")],
  },
};
