/**
 * Chunks that are over after one pass through their text: no loop, no function of their own. Those are worth
 * interpreting at first, since compiling them takes a hundred times as long as running them, and some programs send
 * a new text with each call. Whatever may run for long, or often, is compiled at once.
 */

import { type Block, chainOf, type Expr, type Statement } from "./ast.ts";

/** Whether a block runs through once, from its start to its end. */
export function isStraight(block: Block): boolean {
  return block.every(isStraightStatement);
}

function isStraightStatement(statement: Statement): boolean {
  switch (statement.kind) {
    case "local":
    case "return":
      return areStraight(statement.values);
    case "assign":
      return areStraight(statement.targets) && areStraight(statement.values);
    case "call":
      return isStraightExpression(statement.call);
    case "do":
      return isStraight(statement.body);
    case "if":
      return areStraight(statement.conditions) && statement.bodies.every(isStraight) &&
        (statement.otherwise === undefined || isStraight(statement.otherwise));
  }
  return false;
}

function areStraight(exprs: readonly Expr[]): boolean {
  return exprs.every(isStraightExpression);
}

function isStraightExpression(expr: Expr): boolean {
  switch (expr.kind) {
    case "function":
      return false;
    case "number":
      return !Object.is(expr.value, -0); // what it is depends on the constants before it
    case "index":
      return isStraightExpression(expr.object) && isStraightExpression(expr.key);
    case "call":
      return isStraightExpression(expr.callee) && areStraight(expr.args);
    case "method":
      return isStraightExpression(expr.object) && areStraight(expr.args);
    case "and":
    case "or":
      return areStraight(chainOf(expr));
    case "not":
    case "minus":
    case "length":
      return isStraightExpression(expr.operand);
    case "arithmetic":
      return isStraightSum(expr);
    case "compare":
      return isStraightExpression(expr.left) && isStraightExpression(expr.right);
    case "concat":
      return areStraight(expr.operands);
    case "table":
      return expr.fields.every(({ key, value }) =>
        (key === undefined || isStraightExpression(key)) && isStraightExpression(value)
      );
    case "paren":
      return isStraightExpression(expr.inner);
  }
  return true;
}

/** Walks a long sum, which leans to the left, instead of descending into it. */
function isStraightSum(expr: Expr): boolean {
  let left = expr;
  for (; left.kind === "arithmetic"; left = left.left) if (!isStraightExpression(left.right)) return false;
  return isStraightExpression(left);
}
