/**
 * Functions that need not be generators. A generator costs several times what a plain call does, and small functions
 * (comparisons, accessors, handlers of metatables) are called most. One that has no loop and calls nothing can only
 * be suspended where an operator meets a metamethod written in Lua. So it is compiled as a plain function that, in
 * that rare case, gives up and starts anew as a generator. That is right only while nothing outside of it has been
 * changed, which is what is checked here: nothing that may give up comes after a change.
 */

import { type Block, chainOf, type Expr, type FunctionNode, type Statement } from "./ast.ts";
import type { Types } from "./infer.ts";

/** Answers that were found: a function is asked about at each of its calls. */
const known = new WeakMap<FunctionNode, boolean>();

/** Whether a function can be compiled as a plain one. */
export function isLeaf(node: FunctionNode, types: Types): boolean {
  let answer = known.get(node);
  if (answer === undefined) known.set(node, answer = check(node, types));
  return answer;
}

function check(node: FunctionNode, types: Types): boolean {
  if (node.parameters.some((local) => local.assigned || local.captured)) return false;
  return new Check(types).block(node.body);
}

class Check {
  readonly #types: Types;
  /** Something outside may have been changed. */
  #changed = false;

  constructor(types: Types) {
    this.#types = types;
  }

  block(block: Block): boolean {
    return block.every((statement) => this.#statement(statement));
  }

  #statement(statement: Statement): boolean {
    switch (statement.kind) {
      case "local":
      case "return":
        return this.#all(statement.values);
      case "do":
        return this.block(statement.body);
      case "if":
        return this.#if(statement);
      case "assign":
        return this.#assign(statement);
    }
    return false; // loops, calls, functions
  }

  #if({ conditions, bodies, otherwise }: Extract<Statement, { kind: "if" }>): boolean {
    let changed = this.#changed;
    if (!this.#all(conditions)) return false;
    for (const body of otherwise === undefined ? bodies : [...bodies, otherwise]) {
      const before = this.#changed;
      if (!this.block(body)) return false;
      changed ||= this.#changed;
      this.#changed = before;
    }
    this.#changed = changed;
    return true;
  }

  #assign({ targets, values }: Extract<Statement, { kind: "assign" }>): boolean {
    if (!this.#all(values)) return false;
    for (const target of targets) {
      if (target.kind === "local") {
        if (target.upvalue) this.#changed = true;
        continue;
      }
      if (target.kind === "index" && !this.#all([target.object, target.key])) return false;
      if (this.#changed) return false; // the assignment itself may meet a metamethod
      this.#changed = true;
    }
    return true;
  }

  #all(exprs: readonly Expr[]): boolean {
    return exprs.every((expr) => this.#expression(expr));
  }

  /** Whether it calls nothing, and gives up only where that is right. */
  #expression(expr: Expr): boolean {
    switch (expr.kind) {
      case "function":
      case "call":
      case "method":
        return false;
      case "global":
        return !this.#changed;
      case "index":
        return !this.#changed && this.#all([expr.object, expr.key]);
      case "and":
      case "or":
        return this.#all(chainOf(expr));
      case "not":
      case "length":
        return this.#expression(expr.operand);
      case "paren":
        return this.#expression(expr.inner);
      case "minus":
        return this.#operator([expr.operand]);
      case "arithmetic":
        return this.#arithmetic(expr);
      case "compare":
        return this.#operator([expr.left, expr.right]);
      case "concat":
        return this.#operator(expr.operands);
      case "table":
        return expr.fields.every(({ key, value }) =>
          (key === undefined || this.#expression(key)) && this.#expression(value)
        );
    }
    return true;
  }

  /** Walks a long sum, which leans to the left, instead of descending into it. */
  #arithmetic(expr: Expr): boolean {
    const sure = this.#types.of(expr) === "number";
    let left = expr;
    for (; left.kind === "arithmetic"; left = left.left) {
      if (!this.#expression(left.right)) return false;
    }
    return (sure || !this.#changed) && this.#expression(left);
  }

  #operator(operands: readonly Expr[]): boolean {
    const sure = operands.every((operand) => ["number", "string"].includes(this.#types.of(operand)));
    return (sure || !this.#changed) && this.#all(operands);
  }
}
