/**
 * Expressions, by precedence climbing, and what they contain: calls, table constructors, function bodies.
 *
 * Lines: PUC notes for an instruction the line of the last token read when it was made, which for a field access is
 * when its value is wanted. So `line` of an index is set again where an operator or a comma follows (`settleLine`).
 */

import type { BinaryOperator, Block, Comparison, Expr, FunctionNode } from "./ast.ts";
import { Lexer, NAME, NUMBER, STRING } from "./lexer.ts";
import { Scope } from "./scope.ts";

/** Nesting of blocks and expressions. */
const MAX_LEVELS = 200;

/** How tightly the operators bind, left and right. */
const PRIORITY: ReadonlyMap<string, readonly [number, number]> = new Map<string, readonly [number, number]>([
  ["or", [1, 1]],
  ["and", [2, 2]],
  ...["<", ">", "<=", ">=", "~=", "=="].map((operator) => [operator, [3, 3]] as const),
  ["..", [5, 4]],
  ["+", [6, 6]],
  ["-", [6, 6]],
  ["*", [7, 7]],
  ["/", [7, 7]],
  ["%", [7, 7]],
  ["^", [10, 9]],
]);
const UNARY_PRIORITY = 8;

/** See the file comment. */
export abstract class ExpressionParser {
  readonly lexer: Lexer;
  readonly scope: Scope;
  /** Nesting now. */
  depth = 0;

  constructor(source: string, chunkName: string) {
    this.lexer = new Lexer(source, chunkName);
    this.scope = new Scope(this.lexer);
  }

  /** Statements up to the end of a block. */
  abstract block(): Block;

  /** An expression. */
  expression(): Expr {
    return this.#operation(0);
  }

  /** One or more expressions. */
  expressions(): Expr[] {
    const list = [this.expression()];
    while (this.accept(",")) {
      this.#settleLine(list[list.length - 1]!);
      list.push(this.expression());
    }
    return list;
  }

  /** A name or a parenthesis and what follows it: fields, indexes, calls. */
  suffixed(): Expr {
    const { lexer } = this;
    let value = this.#prefix();
    for (;;) {
      switch (lexer.token) {
        case ".": {
          lexer.next();
          const key: Expr = { kind: "string", value: this.name() };
          value = { kind: "index", object: value, key, line: lexer.lastLine };
          break;
        }
        case "[": {
          lexer.next();
          const key = this.expression();
          this.expect("]");
          value = { kind: "index", object: value, key, line: lexer.lastLine };
          break;
        }
        case ":": {
          const lookupLine = lexer.lastLine;
          lexer.next();
          const name = this.name();
          const { line } = lexer;
          value = { kind: "method", object: value, name, args: this.#arguments(), line, lookupLine };
          break;
        }
        case "(":
        case STRING:
        case "{": {
          const { line } = lexer;
          value = { kind: "call", callee: value, args: this.#arguments(), line };
          break;
        }
        default:
          return value;
      }
    }
  }

  /** Parameters and body of a function, after its name. */
  functionBody(method: boolean, line: number): FunctionNode {
    const { lexer, scope } = this;
    const node = scope.openFunction(line);
    this.expect("(");
    if (method) this.#parameter(node, "self");
    if (lexer.token !== ")") {
      do {
        if (lexer.token === NAME) this.#parameter(node, this.name());
        else if (this.accept("...")) {
          node.arg = scope.declare("arg", node.parameters.length);
          node.arg.sources.push(undefined);
          node.vararg = true;
        } else lexer.error("<name> or '...' expected");
      } while (!node.vararg && this.accept(","));
    }
    scope.activate(node.arg === undefined ? node.parameters : [...node.parameters, node.arg]);
    this.expect(")");
    const body = this.block();
    this.match("end", "function", line);
    scope.closeFunction(body);
    return node;
  }

  #parameter(node: FunctionNode, name: string): void {
    const local = this.scope.declare(name, node.parameters.length);
    local.sources.push(undefined);
    node.parameters.push(local);
  }

  /** Operands joined by operators that bind tighter than `limit`. */
  #operation(limit: number): Expr {
    const { lexer } = this;
    this.enter();
    let left = this.#unary();
    for (;;) {
      const operator = lexer.token;
      const priority = PRIORITY.get(operator);
      if (priority === undefined || priority[0] <= limit) break;
      lexer.next();
      this.#settleLine(left);
      left = this.#join(operator, left, this.#operation(priority[1]));
    }
    this.leave();
    return left;
  }

  #unary(): Expr {
    const { lexer } = this;
    const operator = lexer.token;
    if (operator !== "not" && operator !== "-" && operator !== "#") return this.#simple();
    lexer.next();
    const operand = this.#operation(UNARY_PRIORITY);
    if (operator === "not") return { kind: "not", operand };
    if (operator === "#") return { kind: "length", operand, line: lexer.lastLine };
    return operand.kind === "number"
      ? { kind: "number", value: -operand.value }
      : { kind: "minus", operand, line: lexer.lastLine };
  }

  #join(operator: string, left: Expr, right: Expr): Expr {
    const line = this.lexer.lastLine;
    switch (operator) {
      case "and":
      case "or":
        return { kind: operator, left, right };
      case "..":
        return right.kind === "concat"
          ? { kind: "concat", operands: [left, ...right.operands], line }
          : { kind: "concat", operands: [left, right], line };
      case "+":
      case "-":
      case "*":
      case "/":
      case "%":
      case "^":
        return { kind: "arithmetic", operator: operator satisfies BinaryOperator, left, right, line };
    }
    return { kind: "compare", operator: operator as Comparison, left, right, line };
  }

  #simple(): Expr {
    const { lexer } = this;
    const { token } = lexer;
    switch (token) {
      case NUMBER: {
        const { value } = lexer;
        lexer.next();
        return { kind: "number", value };
      }
      case STRING: {
        const value = lexer.text;
        lexer.next();
        return { kind: "string", value };
      }
      case "nil":
      case "true":
      case "false":
        lexer.next();
        return { kind: token };
      case "...":
        if (!this.scope.node.vararg) lexer.error("cannot use '...' outside a vararg function");
        this.scope.node.usesVararg = true;
        lexer.next();
        return { kind: "vararg" };
      case "{":
        return this.#table();
      case "function": {
        const { line } = lexer;
        lexer.next();
        return { kind: "function", body: this.functionBody(false, line) };
      }
    }
    return this.suffixed();
  }

  #prefix(): Expr {
    const { lexer } = this;
    if (lexer.token === NAME) {
      const name = this.name();
      return this.scope.resolve(name, lexer.lastLine);
    }
    if (lexer.token !== "(") lexer.error("unexpected symbol");
    const { line } = lexer;
    lexer.next();
    const inner = this.expression();
    this.match(")", "(", line);
    return { kind: "paren", inner };
  }

  #arguments(): Expr[] {
    const { lexer } = this;
    const { line } = lexer;
    switch (lexer.token) {
      case "(": {
        if (line !== lexer.lastLine) lexer.error("ambiguous syntax (function call x new statement)");
        lexer.next();
        const args = this.#is(")") ? [] : this.expressions();
        this.match(")", "(", line);
        return args;
      }
      case "{":
        return [this.#table()];
      case STRING: {
        const value = lexer.text;
        lexer.next();
        return [{ kind: "string", value }];
      }
    }
    return lexer.error("function arguments expected");
  }

  #table(): Expr {
    const { lexer } = this;
    const { line } = lexer;
    const fields: { key: Expr | undefined; value: Expr }[] = [];
    this.expect("{");
    do {
      if (lexer.token === "}") break;
      fields.push(this.#field());
    } while (this.accept(",") || this.accept(";"));
    this.match("}", "{", line);
    return { kind: "table", fields, line: lexer.lastLine };
  }

  #field(): { key: Expr | undefined; value: Expr } {
    const { lexer } = this;
    let key: Expr | undefined;
    if (lexer.token === "[") {
      lexer.next();
      key = this.expression();
      this.expect("]");
      this.expect("=");
    } else if (lexer.token === NAME && lexer.peek() === "=") {
      key = { kind: "string", value: this.name() };
      lexer.next();
    }
    return { key, value: this.expression() };
  }

  /** A field access followed by an operator or a comma happens when that was read. */
  #settleLine(value: Expr): void {
    if (value.kind === "index" || value.kind === "global") value.line = this.lexer.lastLine;
  }

  /** A name. */
  name(): string {
    this.check(NAME);
    const { text } = this.lexer;
    this.lexer.next();
    return text;
  }

  #is(token: string): boolean {
    return this.lexer.token === token;
  }

  /** Steps over a token if it is the current one. */
  accept(token: string): boolean {
    if (this.lexer.token !== token) return false;
    this.lexer.next();
    return true;
  }

  /** The token must be the current one. */
  check(token: string): void {
    if (this.lexer.token !== token) this.lexer.error(`'${token}' expected`);
  }

  /** Steps over a token that must be the current one. */
  expect(token: string): void {
    this.check(token);
    this.lexer.next();
  }

  /** Steps over the token that closes what `open` began in `line`. */
  match(token: string, open: string, line: number): void {
    if (this.accept(token)) return;
    if (line === this.lexer.line) this.lexer.error(`'${token}' expected`);
    this.lexer.error(`'${token}' expected (to close '${open}' at line ${line})`);
  }

  /** One level deeper. */
  enter(): void {
    if (++this.depth > MAX_LEVELS) this.lexer.fail("chunk has too many syntax levels");
  }

  /** Back up. */
  leave(): void {
    this.depth--;
  }
}
