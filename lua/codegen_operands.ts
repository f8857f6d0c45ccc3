/**
 * The ground under the code generator: which of JavaScript's temporaries are in use, the places where errors happen,
 * operands that are evaluated in Lua's order, literals.
 */

import { type Expr, type FunctionNode, isOpen } from "./ast.ts";
import type { Chunk, Site } from "./chunk.ts";
import type { Name } from "./error.ts";
import type { Types } from "./infer.ts";

/** See the file comment. */
export abstract class OperandCompiler {
  readonly chunk: Chunk;
  readonly types: Types;
  readonly node: FunctionNode;
  /** Temporaries in use, and the most that ever were. */
  #top = 0;
  #most = 0;
  /** Whether it calls anything, and whether anything in it can fail. */
  calls = false;
  fails = false;
  /** Compiling the plain form of a function (see leaf.ts), which cannot wait. */
  plain = false;

  constructor(chunk: Chunk, types: Types, node: FunctionNode) {
    this.chunk = chunk;
    this.types = types;
    this.node = node;
  }

  /** The temporaries to declare. */
  temporaries(): string[] {
    return Array.from({ length: this.#most }, (_, i) => "t" + i);
  }

  /** Notes a place where something can fail. */
  site(site: Site): number {
    this.fails = true;
    return this.chunk.sites.push(site) - 1;
  }

  /** An expression's first value. */
  abstract value(expr: Expr): string;

  /** All values of an open expression, as an array. */
  abstract values(expr: Expr): string;

  /** Expressions as elements of an array or arguments; the last gives all its values. */
  list(exprs: readonly Expr[]): string {
    return exprs.map((expr, i) =>
      i === exprs.length - 1 && isOpen(expr) ? "..." + this.values(expr) : this.value(expr)
    ).join(", ");
  }

  /**
   * Evaluates operands in order and hands `build` short names for them. Those that cannot change in between are
   * named as they are, the others go to temporaries.
   * @param open the last one gives all its values: its name is that of an array
   * @param statement `build` gives a statement, not an expression
   */
  operands(
    exprs: readonly Expr[],
    build: (names: string[]) => string,
    open = false,
    statement = false,
  ): string {
    const mark = this.#top;
    const steps: string[] = [];
    const names: string[] = [];
    exprs.forEach((expr, i) => {
      const spread = open && i === exprs.length - 1;
      if (!spread && this.isStable(expr)) names.push(this.value(expr));
      else if (spread && expr.kind === "vararg") names.push("va");
      else {
        const name = this.temporary();
        steps.push(`${name} = ${spread ? this.values(expr) : this.value(expr)}`);
        names.push(name);
      }
    });
    const code = build(names);
    this.#top = mark;
    if (steps.length === 0) return code;
    return statement ? `${steps.join(", ")}; ${code}` : `(${steps.join(", ")}, ${code})`;
  }

  /** Takes a temporary until `release`. */
  temporary(): string {
    this.#most = Math.max(this.#most, this.#top + 1);
    return "t" + this.#top++;
  }

  /** Temporaries in use, to give to `release`. */
  mark(): number {
    return this.#top;
  }

  /** Gives back the temporaries taken since. */
  release(mark: number): void {
    this.#top = mark;
  }

  /** Whether nothing that is evaluated later can change its value. */
  isStable(expr: Expr): boolean {
    switch (expr.kind) {
      case "nil":
      case "true":
      case "false":
      case "number":
      case "string":
        return true;
      case "local":
        return !(expr.local.captured && expr.local.assigned);
      case "paren":
        return this.isStable(expr.inner);
    }
    return false;
  }

  /** A call of a helper that may have to wait for a metamethod. */
  pending(call: string, site: number): string {
    return `((r = ${call}) === P ? ${this.waiting(site)} : r)`;
  }

  /** Waits for what a helper has left pending; a plain function gives up. */
  waiting(site: number): string {
    return this.plain ? "C.giveUp()" : `(pc = ${site}, yield P)`;
  }
}

/** How an error names the value of an expression. */
export function nameOf(expr: Expr): Name | undefined {
  switch (expr.kind) {
    case "local":
      return { kind: expr.upvalue ? "upvalue" : "local", name: expr.local.name };
    case "global":
      return { kind: "global", name: expr.name };
    case "index":
      return { kind: "field", name: expr.key.kind === "string" ? expr.key.value : "?" };
    case "paren":
      return nameOf(expr.inner);
    case "and":
    case "or":
      return isConstant(expr.left, expr.kind === "and") ? nameOf(expr.right) : undefined;
  }
  return undefined;
}

/** Whether an operand is known to be true (or false) from its text: PUC then leaves it out. */
function isConstant(expr: Expr, truth: boolean): boolean {
  const kinds = truth ? ["true", "number", "string"] : ["nil", "false"];
  return kinds.includes(expr.kind) || expr.kind === "paren" && isConstant(expr.inner, truth);
}

/** A number as JavaScript reads it back; negative ones in parentheses. */
export function numberLiteral(value: number): string {
  if (value < 0 || Object.is(value, -0)) return `(-${-value})`;
  return String(value);
}

/** A string as JavaScript reads it back. */
export function stringLiteral(text: string): string {
  return `"${
    // deno-lint-ignore no-control-regex
    text.replace(/["\\\x00-\x1f\x7f-\xff]/g, (c) => "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0"))}"`;
}
