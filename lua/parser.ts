/**
 * Tokens to statements, by recursive descent; expressions are in parser_expressions.ts. The order in which things are
 * checked is PUC's, because it decides which message a wrong program gets and where.
 */

import type { Block, Expr, FunctionNode, Local, Statement, Target } from "./ast.ts";
import { ExpressionParser } from "./parser_expressions.ts";
import { EOF } from "./lexer.ts";

/** Tokens that end a block. */
const BLOCK_ENDS: ReadonlySet<string> = new Set(["else", "elseif", "end", "until", EOF]);

/** More targets than this in one assignment are refused. */
const MAX_TARGETS = 200;

/** A chunk as a function, and all local variables in it. */
export type Tree = { main: FunctionNode; locals: readonly Local[] };

/** Parses a chunk. @throws LuaError with the message of the syntax error */
export function parseChunk(source: string, chunkName: string): Tree {
  const parser = new Parser(source, chunkName);
  return { main: parser.chunk(), locals: parser.scope.locals };
}

class Parser extends ExpressionParser {
  chunk(): FunctionNode {
    const node = this.scope.openFunction(0);
    this.lexer.next();
    const body = this.block();
    this.check(EOF);
    this.scope.closeFunction(body);
    return node;
  }

  /** Statements up to the end of the block; the caller opens and closes the scope. */
  override block(): Block {
    const statements: Block = [];
    this.enter();
    let last = false;
    while (!last && !BLOCK_ENDS.has(this.lexer.token)) {
      const statement = this.#statement();
      statements.push(statement);
      last = statement.kind === "return" || statement.kind === "break";
      this.accept(";");
    }
    this.leave();
    return statements;
  }

  #scoped(loop = false): Block {
    this.scope.openBlock(loop);
    const body = this.block();
    this.scope.closeBlock();
    return body;
  }

  #statement(): Statement {
    const { lexer } = this;
    const { line } = lexer;
    switch (lexer.token) {
      case "if":
        return this.#if(line);
      case "while":
        return this.#while(line);
      case "do": {
        lexer.next();
        const body = this.#scoped();
        this.match("end", "do", line);
        return { kind: "do", body };
      }
      case "for":
        return this.#for(line);
      case "repeat":
        return this.#repeat(line);
      case "function":
        return this.#function(line);
      case "local":
        lexer.next();
        return this.accept("function") ? this.#localFunction() : this.#local();
      case "return":
        return this.#return();
      case "break":
        lexer.next();
        if (!this.scope.inLoop) lexer.error("no loop to break");
        return { kind: "break" };
    }
    return this.#expressionStatement();
  }

  #if(line: number): Statement {
    const conditions: Expr[] = [];
    const bodies: Block[] = [];
    do {
      this.lexer.next();
      conditions.push(this.expression());
      this.expect("then");
      bodies.push(this.#scoped());
    } while (this.lexer.token === "elseif");
    const otherwise = this.accept("else") ? this.#scoped() : undefined;
    this.match("end", "if", line);
    return { kind: "if", conditions, bodies, otherwise };
  }

  #while(line: number): Statement {
    this.lexer.next();
    const condition = this.expression();
    this.scope.openBlock(true);
    this.expect("do");
    const body = this.#scoped();
    this.match("end", "while", line);
    this.scope.closeBlock();
    return { kind: "while", condition, body, line };
  }

  /** The condition sees the variables of the body. */
  #repeat(line: number): Statement {
    this.lexer.next();
    this.scope.openBlock(true);
    this.scope.openBlock(false);
    const body = this.block();
    this.match("until", "repeat", line);
    const condition = this.expression();
    this.scope.closeBlock();
    this.scope.closeBlock();
    return { kind: "repeat", body, condition, line };
  }

  #for(line: number): Statement {
    this.lexer.next();
    this.scope.openBlock(true);
    const name = this.name();
    const { token } = this.lexer;
    let statement: Statement;
    if (token === "=") statement = this.#count(name, line);
    else if (token === "," || token === "in") statement = this.#each(name, line);
    else this.lexer.error("'=' or 'in' expected");
    this.match("end", "for", line);
    this.scope.closeBlock();
    return statement;
  }

  #count(name: string, line: number): Statement {
    this.scope.hide();
    const variable = this.scope.declare(name);
    variable.sources.push({ kind: "number", value: 0 }); // whatever it is, it is a number
    this.lexer.next();
    const from = this.expression();
    this.expect(",");
    const to = this.expression();
    const step = this.accept(",") ? this.expression() : undefined;
    this.expect("do");
    const prepared = this.lexer.lastLine;
    const body = this.#loopBody([variable]);
    return { kind: "count", variable, from, to, step, body, line: prepared || line };
  }

  #each(name: string, line: number): Statement {
    this.scope.hide();
    const variables = [this.scope.declare(name)];
    while (this.accept(",")) variables.push(this.scope.declare(this.name(), variables.length));
    this.expect("in");
    const values = this.expressions();
    this.expect("do");
    const body = this.#loopBody(variables);
    for (const variable of variables) variable.sources.push(undefined);
    return { kind: "each", variables, values, body, line };
  }

  #loopBody(variables: Local[]): Block {
    this.scope.openBlock(false);
    this.scope.activate(variables);
    const body = this.block();
    this.scope.closeBlock();
    return body;
  }

  /** `function a.b:c() end` is an assignment. */
  #function(line: number): Statement {
    const { lexer } = this;
    lexer.next();
    let target: Target = this.scope.resolve(this.name(), lexer.lastLine);
    let method = false;
    while (!method && (lexer.token === "." || lexer.token === ":")) {
      method = lexer.token === ":";
      const at = lexer.lastLine;
      lexer.next();
      target = { kind: "index", object: target, key: { kind: "string", value: this.name() }, line: at };
    }
    const body = this.functionBody(method, line);
    const value: Expr = { kind: "function", body };
    this.#markAssigned(target, value);
    return { kind: "assign", targets: [target], values: [value], line };
  }

  #localFunction(): Statement {
    const local = this.scope.declare(this.name());
    this.scope.activate([local]);
    const body = this.functionBody(false, this.lexer.line);
    local.sources.push({ kind: "function", body });
    return { kind: "function", local, body };
  }

  #local(): Statement {
    const locals: Local[] = [];
    do locals.push(this.scope.declare(this.name(), locals.length)); while (this.accept(","));
    const values = this.accept("=") ? this.expressions() : [];
    this.scope.activate(locals);
    for (let i = 0; i < locals.length; i++) locals[i]!.sources.push(sourceOf(values, i, locals.length));
    return { kind: "local", locals, values };
  }

  #return(): Statement {
    this.lexer.next();
    if (BLOCK_ENDS.has(this.lexer.token) || this.lexer.token === ";") return { kind: "return", values: [] };
    return { kind: "return", values: this.expressions() };
  }

  /** A call or an assignment. */
  #expressionStatement(): Statement {
    const first = this.suffixed();
    if (first.kind === "call" || first.kind === "method") return { kind: "call", call: first };
    const targets: Target[] = [];
    let next: Expr = first;
    for (;;) {
      if (next.kind !== "local" && next.kind !== "global" && next.kind !== "index") {
        this.lexer.error("syntax error");
      }
      targets.push(next);
      if (!this.accept(",")) break;
      next = this.suffixed();
      this.scope.limit(targets.length + 1, MAX_TARGETS - this.depth, "variables in assignment");
    }
    this.expect("=");
    const values = this.expressions();
    for (let i = 0; i < targets.length; i++) {
      this.#markAssigned(targets[i]!, sourceOf(values, i, targets.length));
    }
    return { kind: "assign", targets, values, line: this.lexer.lastLine };
  }

  #markAssigned(target: Target, value: Expr | undefined): void {
    if (target.kind !== "local") return;
    target.local.assigned = true;
    target.local.sources.push(value);
  }
}

/** The expression that the i-th of `count` variables gets, if it is one alone. */
function sourceOf(values: readonly Expr[], i: number, count: number): Expr | undefined {
  const value = values[i];
  if (value === undefined) return values.length === 0 ? { kind: "nil" } : undefined;
  const open = i === values.length - 1 && i < count - 1; // may give several
  return open ? undefined : value;
}
