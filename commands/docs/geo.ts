// What COMMAND DOCS says about the commands on geospatial indexes.

import { block, double, int, key, keyword, many, oneof, opt, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the geo group, for COMMAND DOCS. */
export const geoDocs: GroupDocs = {
  GEOADD: {
    summary: "Adds places (longitude, latitude, name) to a geospatial index",
    since: "3.2.0",
    complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
    history: [["6.2.0", "The options `CH`, `NX` and `XX`."]],
    arguments: [
      key(),
      opt(since("6.2.0", oneof("condition", token("NX"), token("XX")))),
      opt(since("6.2.0", token("CH", "change"))),
      many(block("longitude_latitude_member", double("longitude"), double("latitude"), str("member"))),
    ],
  },
  GEODIST: {
    summary: "Returns how far apart two members are",
    since: "3.2.0",
    complexity: "O(log(N))",
    arguments: [
      key(),
      str("member1"),
      str("member2"),
      opt(oneof("unit", token("M"), token("KM"), token("FT"), token("MI"))),
    ],
  },
  GEOHASH: {
    summary: "Returns the positions of members as geohash text",
    since: "3.2.0",
    complexity: "O(log(N)) for each member requested, where N is the number of elements in the sorted set.",
    arguments: [key(), many(str("member"))],
  },
  GEOPOS: {
    summary: "Returns the coordinates of members",
    since: "3.2.0",
    complexity: "O(N) where N is the number of members requested.",
    arguments: [key(), many(str("member"))],
  },
  GEORADIUS: {
    summary: "Finds the members within a distance of a point, and optionally stores them",
    since: "3.2.0",
    complexity:
      "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
    history: [
      ["6.2.0", "`COUNT` takes the option `ANY`."],
      ["7.0.0", "Units may be written in upper case."],
    ],
    arguments: [
      key(),
      double("longitude"),
      double("latitude"),
      double("radius"),
      oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
      opt(token("WITHCOORD")),
      opt(token("WITHDIST")),
      opt(token("WITHHASH")),
      opt(block("count", keyword("COUNT", int("count")), opt(since("6.2.0", token("ANY"))))),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(keyword("STORE", key("key", 1))),
      opt(keyword("STOREDIST", key("key", 2))),
    ],
  },
  GEORADIUS_RO: {
    summary: "Finds the members within a distance of a point and never writes",
    since: "3.2.10",
    complexity:
      "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`GEOSEARCH` with the `BYRADIUS` argument",
    history: [["6.2.0", "`COUNT` takes the option `ANY`."]],
    arguments: [
      key(),
      double("longitude"),
      double("latitude"),
      double("radius"),
      oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
      opt(token("WITHCOORD")),
      opt(token("WITHDIST")),
      opt(token("WITHHASH")),
      opt(block("count", keyword("COUNT", int("count")), opt(since("6.2.0", token("ANY"))))),
      opt(oneof("order", token("ASC"), token("DESC"))),
    ],
  },
  GEORADIUSBYMEMBER: {
    summary: "Finds the members within a distance of another member, and optionally stores them",
    since: "3.2.0",
    complexity:
      "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
    history: [["7.0.0", "Units may be written in upper case."]],
    arguments: [
      key(),
      str("member"),
      double("radius"),
      oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
      opt(token("WITHCOORD")),
      opt(token("WITHDIST")),
      opt(token("WITHHASH")),
      opt(block("count", keyword("COUNT", int("count")), opt(token("ANY")))),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(keyword("STORE", key("key", 1))),
      opt(keyword("STOREDIST", key("key", 2))),
    ],
  },
  GEORADIUSBYMEMBER_RO: {
    summary: "Finds the members within a distance of another member and never writes",
    since: "3.2.10",
    complexity:
      "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
    arguments: [
      key(),
      str("member"),
      double("radius"),
      oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
      opt(token("WITHCOORD")),
      opt(token("WITHDIST")),
      opt(token("WITHHASH")),
      opt(block("count", keyword("COUNT", int("count")), opt(token("ANY")))),
      opt(oneof("order", token("ASC"), token("DESC"))),
    ],
  },
  GEOSEARCH: {
    summary: "Finds the members inside a circle or a rectangle",
    since: "6.2.0",
    complexity:
      "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
    history: [["7.0.0", "Units may be written in upper case."]],
    arguments: [
      key(),
      oneof(
        "from",
        keyword("FROMMEMBER", str("member")),
        keyword("FROMLONLAT", block("longitude_latitude", double("longitude"), double("latitude"))),
      ),
      oneof(
        "by",
        block(
          "circle",
          keyword("BYRADIUS", double("radius")),
          oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
        ),
        block(
          "box",
          keyword("BYBOX", double("width")),
          double("height"),
          oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
        ),
      ),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(block("count", keyword("COUNT", int("count")), opt(token("ANY")))),
      opt(token("WITHCOORD")),
      opt(token("WITHDIST")),
      opt(token("WITHHASH")),
    ],
  },
  GEOSEARCHSTORE: {
    summary: "Stores the members found inside a circle or a rectangle in another key",
    since: "6.2.0",
    complexity:
      "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape",
    history: [["7.0.0", "Units may be written in upper case."]],
    arguments: [
      key("destination"),
      key("source", 1),
      oneof(
        "from",
        keyword("FROMMEMBER", str("member")),
        keyword("FROMLONLAT", block("longitude_latitude", double("longitude"), double("latitude"))),
      ),
      oneof(
        "by",
        block(
          "circle",
          keyword("BYRADIUS", double("radius")),
          oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
        ),
        block(
          "box",
          keyword("BYBOX", double("width")),
          double("height"),
          oneof("unit", token("M"), token("KM"), token("FT"), token("MI")),
        ),
      ),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(block("count", keyword("COUNT", int("count")), opt(token("ANY")))),
      opt(token("STOREDIST")),
    ],
  },
};
