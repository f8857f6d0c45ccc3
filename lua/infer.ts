/**
 * Which local variables always hold a number (a string, a table ...): compiled code then leaves the checks out. Lua's
 * scoping makes it easy: whatever a local is given stands in the text, so the type of a variable is what all of it
 * has in common. Variables depend on each other in loops (`s = s + i`); starting from "nothing yet" and going round
 * until nothing changes finds the best answer.
 */

import { chainOf, type Expr, type Local } from "./ast.ts";

/** "lua function" is one written in the chunk. "any": unknown or mixed. undefined: nothing seen yet. */
export type Type = "number" | "string" | "boolean" | "table" | "lua function" | "any";

/** Rounds after which what still changes is called unknown; real programs need three or four. */
const MAX_ROUNDS = 12;

/** See the file comment. */
export class Types {
  readonly #types = new Map<Local, Type | undefined>();

  /** @param locals all variables of the chunk */
  constructor(locals: readonly Local[]) {
    let changed = true;
    for (let round = 0; changed && round < MAX_ROUNDS; round++) {
      changed = false;
      for (const local of locals) {
        const type = this.#joined(local);
        if (type !== this.#types.get(local)) changed = true;
        this.#types.set(local, type);
      }
    }
    if (changed) this.#types.clear();
  }

  /** The type that an expression's first value certainly has. */
  of(expr: Expr): Type {
    return this.#typeOf(expr) ?? "any";
  }

  #joined(local: Local): Type | undefined {
    let joined: Type | undefined;
    for (const source of local.sources) {
      const type = source === undefined ? "any" : this.#typeOf(source);
      if (type === undefined) continue;
      if (joined === undefined) joined = type;
      else if (joined !== type) return "any";
    }
    return joined;
  }

  #typeOf(expr: Expr): Type | undefined {
    switch (expr.kind) {
      case "number":
      case "length":
        return "number";
      case "string":
        return "string";
      case "true":
      case "false":
      case "not":
      case "compare":
        return "boolean";
      case "table":
        return "table";
      case "function":
        return "lua function";
      case "local":
        return this.#types.get(expr.local);
      case "paren":
        return this.#typeOf(expr.inner);
      case "minus":
        return this.#numeric(this.#typeOf(expr.operand));
      case "arithmetic":
        return this.#arithmetic(expr);
      case "concat":
        return expr.operands.every((operand) => isText(this.#typeOf(operand))) ? "string" : "any";
      case "and":
      case "or":
        return chainOf(expr).map((operand) => this.#typeOf(operand)).reduce((a, b) => this.#either(a, b));
    }
    return "any";
  }

  /** A long sum leans to the left: that side is walked, not descended into. */
  #arithmetic(expr: Expr): Type {
    let left = expr;
    for (; left.kind === "arithmetic"; left = left.left) {
      if (this.#numeric(this.#typeOf(left.right)) === "any") return "any";
    }
    return this.#numeric(this.#typeOf(left));
  }

  /** Strings count as numbers in arithmetic; anything else may have a metamethod. */
  #numeric(type: Type | undefined): Type {
    return isText(type) ? "number" : "any";
  }

  #either(left: Type | undefined, right: Type | undefined): Type | undefined {
    if (left === undefined || left === right) return right;
    return right === undefined ? left : "any";
  }
}

/** Whether a value is a number or a string, as far as is known. */
function isText(type: Type | undefined): boolean {
  return type === undefined || type === "number" || type === "string";
}
