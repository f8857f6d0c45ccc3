/**
 * Statements and functions to JavaScript; expressions are in codegen_expressions.ts.
 *
 * A Lua function becomes a generator (or, if it is small and calls nothing, a plain function: leaf.ts). It counts its
 * depth (see driver.ts) and one step on entry, one more in each turn of a loop; a function that calls nothing needs
 * neither on entry. Local variables are `let`s of the block, so that closures made in a loop have a variable each, as
 * in Lua.
 */

import {
  type Block,
  type Expr,
  type FunctionNode,
  isOpen,
  type Local,
  type Statement,
  type Target,
} from "./ast.ts";
import { ExpressionCompiler } from "./codegen_expressions.ts";
import { nameOf, numberLiteral, stringLiteral } from "./codegen_operands.ts";
import type { Chunk } from "./chunk.ts";
import type { Types } from "./infer.ts";
import { isLeaf } from "./leaf.ts";
import { stringHash } from "./table.ts";

/** A loop turn: a step, and the chance to be suspended. */
const STEP = "if (--S.steps < 0) yield;";

/** The generator of a chunk, as an expression. */
export function compileMain(chunk: Chunk, types: Types, node: FunctionNode): string {
  return new FunctionCompiler(chunk, types, node).generator();
}

/** A function as an expression that makes a closure of it. */
function compileFunction(chunk: Chunk, types: Types, node: FunctionNode, name: string): string {
  const full = new FunctionCompiler(chunk, types, node).generator();
  const label = stringLiteral(name);
  if (!isLeaf(node, types)) return `new LF(${full}, true, ${label})`;
  return `new LF(${new FunctionCompiler(chunk, types, node).plainForm(full)}, false, ${label})`;
}

/** See the file comment. */
class FunctionCompiler extends ExpressionCompiler {
  /** Numbers of the loops that are open, and the last given. */
  readonly #loops: number[] = [];
  #lastLoop = 0;

  closure(node: FunctionNode, name: string): string {
    return compileFunction(this.chunk, this.types, node, name);
  }

  runsOnce(): boolean {
    return this.node.parent === undefined && this.#loops.length === 0;
  }

  isPlain(node: FunctionNode): boolean {
    return isLeaf(node, this.types);
  }

  /** Body and head of the generator form: `function* f(...) {...}`. */
  generator(): string {
    const { node } = this;
    const body = this.#block(node.body);
    const leave = this.calls ? "S.depth--; " : "";
    const args = parameterList(node);
    const enter = this.calls
      ? `if (S.depth >= S.limit) return yield S.deep(f, [${args}]);\nS.depth++;\n${STEP}\n`
      : "";
    const end = endsInReturn(node.body) ? "" : `${LEAVE}return none;\n`;
    const statements = (body + end).replaceAll(LEAVE, leave);
    const guarded = this.fails ? `try {\n${statements}} catch (e) { throw C.settle(e, pc); }` : statements;
    return `function* f(${args}) {\n${enter}${this.#declarations()}${guarded}\n}`;
  }

  /** The plain form: `full` is the generator form of the same function, which it starts when it has to give up. */
  plainForm(full: string): string {
    const { node } = this;
    this.plain = true;
    const end = endsInReturn(node.body) ? "" : "return none;\n";
    const statements = (this.#block(node.body) + end).replaceAll(LEAVE, "");
    const args = parameterList(node);
    const guarded = this.fails
      ? `try {\n${statements}} catch (e) {\nif (e !== P) throw C.settle(e, pc);\nS.pending = (${full})(${args});\nreturn P;\n}`
      : statements;
    return `function (${args}) {\n${this.#declarations()}${guarded}\n}`;
  }

  #declarations(): string {
    const { arg, usesVararg } = this.node;
    const scratch = ["r", "pc = 0", ...this.temporaries()].join(", ");
    if (arg === undefined) return `let ${scratch};\n`;
    return `let ${scratch}, ${variable(arg)} = ${usesVararg ? "undefined" : "C.argTable(va)"};\n`;
  }

  #block(block: Block): string {
    return block.map((statement) => this.#statement(statement)).join("");
  }

  #statement(statement: Statement): string {
    switch (statement.kind) {
      case "local":
        return this.#local(statement.locals, statement.values);
      case "assign":
        return this.#assign(statement.targets, statement.values, statement.line);
      case "call":
        return this.call(statement.call) + ";\n";
      case "do":
        return `{\n${this.#block(statement.body)}}\n`;
      case "while":
        return this.#while(statement);
      case "repeat":
        return this.#repeat(statement);
      case "if":
        return this.#if(statement);
      case "count":
        return this.#count(statement);
      case "each":
        return this.#each(statement);
      case "function":
        return `let ${variable(statement.local)} = ${this.closure(statement.body, statement.local.name)};\n`;
      case "return":
        return this.#return(statement.values);
      case "break":
        return `break L${this.#loops.at(-1)};\n`;
    }
  }

  #local(locals: readonly Local[], values: readonly Expr[]): string {
    if (locals.length === 1 && values.length === 1) {
      const [value] = values;
      const code = value!.kind === "function"
        ? this.closure(value!.body, locals[0]!.name)
        : this.value(value!);
      return `let ${variable(locals[0]!)} = ${code};\n`;
    }
    return this.#spread(
      values,
      locals.length,
      (names) => locals.map((local, i) => `let ${variable(local)} = ${names[i]};\n`).join(""),
    );
  }

  /** Evaluates a list of expressions for `count` variables; `use` gets a short name for each value. */
  #spread(values: readonly Expr[], count: number, use: (names: string[]) => string): string {
    const mark = this.mark();
    const steps: string[] = [];
    const names: string[] = [];
    values.forEach((value, i) => {
      const open = i === values.length - 1 && values.length < count && isOpen(value);
      if (!open && isLiteral(value)) {
        names.push(this.value(value));
        return;
      }
      const name = this.temporary();
      steps.push(`${name} = ${open ? this.values(value) : this.value(value)}`);
      if (!open) names.push(name);
      else for (let k = 0; names.length < count; k++) names.push(`${name}[${k}]`);
    });
    while (names.length < count) names.push("undefined");
    const code = use(names);
    this.release(mark);
    return (steps.length === 0 ? "" : steps.join(", ") + ";\n") + code;
  }

  #assign(targets: readonly Target[], values: readonly Expr[], line: number): string {
    if (targets.length === 1 && values.length === 1) return this.#assignOne(targets[0]!, values[0]!, line);
    // The tables and keys first, then the values, then the assignments from the last to the first.
    const mark = this.mark();
    const steps: string[] = [];
    const hold = (expr: Expr): string => {
      if (isLiteral(expr)) return this.value(expr);
      const name = this.temporary();
      steps.push(`${name} = ${this.value(expr)}`);
      return name;
    };
    const places = targets.map((target) =>
      target.kind === "index" ? { o: hold(target.object), k: hold(target.key) } : undefined
    );
    const before = steps.length === 0 ? "" : steps.join(", ") + ";\n";
    const code = before + this.#spread(values, targets.length, (names) =>
      targets.map((target, i) => {
        const place = places[i];
        if (place === undefined) return this.#store(target, names[i]!, line);
        const site = this.site({ line, left: nameOf((target as Extract<Expr, { kind: "index" }>).object) });
        return this.#pendingStatement(`C.setIndex(${place.o}, ${place.k}, ${names[i]}, ${site})`, site);
      }).reverse().join(""));
    this.release(mark);
    return code;
  }

  #assignOne(target: Target, value: Expr, line: number): string {
    if (target.kind !== "index") {
      const named = value.kind === "function" && target.kind === "global";
      return this.#store(target, named ? this.closure(value.body, target.name) : this.value(value), line);
    }
    const { object, key } = target;
    const site = this.site({ line, left: nameOf(object) });
    if (key.kind === "string") {
      const name = `${stringLiteral(key.value)}, ${stringHash(key.value)}`;
      return this.operands(
        [object],
        ([o]) => this.#pendingExpression(`C.setIndexStr(${o}, ${name}, ${this.value(value)}, ${site})`, site),
      ) + ";\n";
    }
    const helper = this.types.of(key) === "number" ? "setIndexNumber" : "setIndex";
    return this.operands(
      [object, key],
      ([o, k]) => this.#pendingExpression(`C.${helper}(${o}, ${k}, ${this.value(value)}, ${site})`, site),
    ) + ";\n";
  }

  /** Assigns to a variable. */
  #store(target: Target, code: string, line: number): string {
    if (target.kind === "local") return `${variable(target.local)} = ${code};\n`;
    const { name } = target as Extract<Expr, { kind: "global" }>;
    const site = this.site({ line, left: { kind: "global", name } });
    return this.#pendingStatement(
      `C.setIndexStr(E, ${stringLiteral(name)}, ${stringHash(name)}, ${code}, ${site})`,
      site,
    );
  }

  #pendingStatement(code: string, site: number): string {
    return `if (${code} === P) ${this.waiting(site)};\n`;
  }

  #pendingExpression(code: string, site: number): string {
    return `(${code} === P ? ${this.waiting(site)} : 0)`;
  }

  /** The condition sees the body's variables: they share a block. */
  #repeat({ body, condition, line }: Extract<Statement, { kind: "repeat" }>): string {
    const label = this.#openLoop();
    const statements = this.#block(body);
    this.#loops.pop();
    const end = `if (${this.condition(condition)}) break;\n${this.#step(line)}`;
    return `${label}: for (;;) {\n${statements}${end}\n}\n`;
  }

  #while({ condition, body, line }: Extract<Statement, { kind: "while" }>): string {
    const label = this.#openLoop();
    const head = `while (${this.condition(condition)})`;
    const statements = this.#block(body);
    this.#loops.pop();
    return this.#loop(label, head, statements, { body, line });
  }

  /** A label to break to: some loops of Lua are two of JavaScript's. */
  #openLoop(): string {
    this.#loops.push(++this.#lastLoop);
    return "L" + this.#lastLoop;
  }

  /**
   * A loop. Where V8 finds a `yield` within a loop it keeps every number of it in an object; so a loop that has no
   * other is left to yield, and entered again. There its numbers are said to be numbers, as what was kept over a
   * `yield` could be anything, and steps are counted in a variable. (1e7 additions: 8 ms instead of 60.)
   * @param counter of a numeric for: the variable, JavaScript's numbers for it, what comes between two turns
   */
  #loop(
    label: string,
    head: string,
    code: string,
    { body, line }: { body: Block; line: number },
    counter?: { variable: Local; names: string[]; step: string },
  ): string {
    if (code.includes("yield") || head.includes("yield")) {
      return `${label}: ${head} {\n${code}${this.#step(line)}\n}\n`;
    }
    const left = "k" + label;
    const assigned = [...assignedIn(body)].filter((local) =>
      this.#isNumber(local) && local !== counter?.variable
    );
    const numbers = [...counter?.names ?? [], ...assigned.map(variable)];
    const inner = code.replaceAll(`break ${label};`, `{ S.steps = ${left}; break ${label}; }`)
      .replaceAll(LEAVE, `S.steps = ${left}; ${LEAVE}`);
    return `${label}: for (;;) {\n${numbers.map((name) => `${name} = +${name}; `).join("")}\n` +
      `let ${left} = +S.steps;\n${head} {\n${inner}if (--${left} < 0) { ${counter?.step ?? ""}break; }\n}\n` +
      `S.steps = ${left};\nif (${left} >= 0) break;\npc = ${this.site({ line })}; yield;\n}\n`;
  }

  #isNumber(local: Local): boolean {
    return this.types.of({ kind: "local", local, upvalue: false }) === "number";
  }

  /** The end of a round of a loop. Where it stops, a kill must find the line. */
  #step(line: number): string {
    return `if (--S.steps < 0) { pc = ${this.site({ line })}; yield; }`;
  }

  #if({ conditions, bodies, otherwise }: Extract<Statement, { kind: "if" }>): string {
    let code = "";
    conditions.forEach((condition, i) => {
      code += `${i > 0 ? "else " : ""}if (${this.condition(condition)}) {\n${this.#block(bodies[i]!)}} `;
    });
    if (otherwise !== undefined) code += `else {\n${this.#block(otherwise)}}`;
    return code + "\n";
  }

  /** `for i = from, to, step`. The loop's own counter is not the variable where that can be assigned or captured. */
  #count({ variable: local, from, to, step, body, line }: Extract<Statement, { kind: "count" }>): string {
    const id = local.id;
    const [i, limit, by] = [`i${id}`, `n${id}`, `s${id}`];
    const bounds = [from, to, ...(step === undefined ? [] : [step])];
    let head = `let ${i} = ${this.value(from)}, ${limit} = ${this.value(to)}`;
    const constant = step === undefined ? 1 : step.kind === "number" ? step.value : undefined;
    if (constant === undefined) head += `, ${by} = ${this.value(step!)}`;
    head += ";\n";
    if (bounds.some((bound) => this.types.of(bound) !== "number")) {
      const site = this.site({ line });
      const names = constant === undefined ? [i, limit, by] : [i, limit, numberLiteral(constant)];
      const tests = names.slice(0, bounds.length).map((name) => `typeof ${name} !== "number"`);
      head += `if (${tests.join(" || ")}) { const b = C.forLoop(${names.join(", ")}, ${site}); ` +
        names.map((name, k) => name.startsWith("(") || /^\d/.test(name) ? "" : `${name} = b[${k}]; `).join(
          "",
        ) + "}\n";
    }
    const test = constant === undefined
      ? `${by} > 0 ? ${i} <= ${limit} : ${i} >= ${limit}`
      : constant > 0
      ? `${i} <= ${limit}`
      : `${i} >= ${limit}`;
    const next = `${i} += ${constant === undefined ? by : numberLiteral(constant)}`;
    const label = this.#openLoop();
    const inner = `let ${variable(local)} = ${i};\n${this.#block(body)}`;
    this.#loops.pop();
    const counter = {
      variable: local,
      names: constant === undefined ? [i, limit, by] : [i, limit],
      step: next + "; ",
    };
    const loop = this.#loop(label, `for (; ${test}; ${next})`, inner, { body, line }, counter);
    return `{\n${head}${loop}}\n`;
  }

  /** `for k, v in ...`: `next` and the step of `ipairs` need no call. */
  #each({ variables, values, body, line }: Extract<Statement, { kind: "each" }>): string {
    const id = variables[0]!.id;
    const [f, s, c, at] = [`f${id}`, `s${id}`, `c${id}`, `at${id}`];
    const site = this.site({ line, left: { kind: "local", name: "(for generator)" }, call: true });
    const unnamed = this.site({ line });
    this.calls = true;
    const head = this.#spread(
      values,
      3,
      (names) =>
        `let ${f} = ${names[0]}, ${s} = ${names[1]}, ${c} = ${
          names[2]
        }, ${at} = C.loopKind(${f}, ${s}, ${c});\n`,
    );
    const [first, second] = [
      variable(variables[0]!),
      variables[1] === undefined ? undefined : variable(variables[1]),
    ];
    const names = variables.map(variable);
    const many = names.length > 1;
    const label = this.#openLoop();
    const statements = this.#block(body);
    this.#loops.pop();
    const code = `{\n${head}${label}: for (;;) {\nlet ${names.join(", ")};\n` +
      `pc = ${site};\nif (${at} >= -1) {\n${at} = C.advance(${s}, ${at}, ${c});\nif (${at} < 0) break;\n` +
      `${first} = ${c} = ${s}.keyAt(${at});\n${many ? `${second} = ${s}.valueAt(${at});\n` : ""}` +
      `} else if (${at} === -2) {\nr = ${s}.getNumber(++${c});\nif (r === undefined) break;\n` +
      `${first} = ${c};\n${many ? `${second} = r;\n` : ""}` +
      `} else {\nif (!(${f} instanceof LF)) ${f} = C.callable(${f}, ${unnamed});\n` +
      `r = ${f}.fn(${s}, ${c});\nif (${f}.generator) r = yield* r; else if (r === P) r = yield P;\n` +
      `if (r instanceof Array) { ${
        names.map((name, i) => `${name} = r[${i}];`).join(" ")
      } } else ${first} = r;\n` +
      `if (${first} === undefined) break;\n${c} = ${first};\n}\n`;
    return `${code}${statements}${this.#step(line)}\n}\n}\n`;
  }

  #return(values: readonly Expr[]): string {
    if (values.length === 0) return `{ ${LEAVE}return none; }\n`;
    const [value] = values;
    if (values.length > 1) return `{ r = [${this.list(values)}]; ${LEAVE}return r; }\n`;
    if (value!.kind === "vararg") return `{ ${LEAVE}return va; }\n`;
    if (value!.kind === "call" || value!.kind === "method") {
      return `{ ${this.tailCall(value!)} ${LEAVE}return r; }\n`;
    }
    if (this.isStable(value!)) return `{ ${LEAVE}return ${this.value(value!)}; }\n`;
    return `{ r = ${this.value(value!)}; ${LEAVE}return r; }\n`;
  }
}

/** Stands for leaving a function until it is known whether that needs anything; no other code holds such a byte. */
const LEAVE = "\0";

/** Locals from outside that are assigned to in a block without loops. */
function assignedIn(block: Block): Set<Local> {
  const found = new Set<Local>();
  for (const statement of block) {
    if (statement.kind === "assign") {
      for (const target of statement.targets) if (target.kind === "local") found.add(target.local);
    } else if (statement.kind === "do") assignedIn(statement.body).forEach((local) => found.add(local));
    else if (statement.kind === "if") {
      for (const body of [...statement.bodies, statement.otherwise ?? []]) {
        assignedIn(body).forEach((local) => found.add(local));
      }
    }
  }
  for (const statement of block) {
    if (statement.kind === "local") statement.locals.forEach((local) => found.delete(local));
  }
  return found;
}

function parameterList(node: FunctionNode): string {
  const names = node.parameters.map(variable);
  if (node.vararg) names.push("...va");
  return names.join(", ");
}

function variable(local: Local): string {
  return "v" + local.id;
}

function isLiteral(expr: Expr): boolean {
  return ["nil", "true", "false", "number", "string"].includes(expr.kind);
}

function endsInReturn(block: Block): boolean {
  return block.at(-1)?.kind === "return";
}
