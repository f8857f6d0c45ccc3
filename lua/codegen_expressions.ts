/**
 * Expressions to JavaScript. Every Lua expression becomes one JavaScript expression: what needs several steps is a
 * comma list with temporary variables, so that `yield` can stand anywhere in it and the order of evaluation is Lua's.
 *
 * Names in the output: `v3` a local variable, `t3` a temporary, `r` scratch that is used at once, `pc` the site of
 * the call under way; `C` the chunk, `S` the state, `E` the environment, `P` PENDING, `LF` and `LT` the classes of
 * functions and tables, `all` as in value.ts.
 */

import { chainOf, type Expr, type FunctionNode, isOpen } from "./ast.ts";
import { nameOf, numberLiteral, OperandCompiler, stringLiteral } from "./codegen_operands.ts";
import { LuaTable, stringHash } from "./table.ts";
import { LuaFunction, type LuaValue } from "./value.ts";

/** Elements of a table constructor that PUC puts into the table at once. */
export const FLUSH = 50;

/** Operations nested in one expression; a longer chain is taken apart. */
const MAX_NESTED = 30;

type Arithmetic = Extract<Expr, { kind: "arithmetic" }>;

/** Compiles what stands in one function. */
export abstract class ExpressionCompiler extends OperandCompiler {
  #zero: number | undefined;

  /** A function as an expression that makes it. */
  abstract closure(node: FunctionNode, name: string): string;

  /** Whether what is being compiled runs once in each run of the chunk: then short code counts, not quick code. */
  abstract runsOnce(): boolean;

  /** Whether a function is compiled as a plain one. */
  abstract isPlain(node: FunctionNode): boolean;

  /** An expression's first value. */
  override value(expr: Expr): string {
    switch (expr.kind) {
      case "nil":
        return "undefined";
      case "true":
      case "false":
        return expr.kind;
      case "number":
        // PUC has one constant for 0 and -0 in a function, the one that comes first.
        return numberLiteral(expr.value === 0 ? this.#zero ??= expr.value : expr.value);
      case "string":
        return stringLiteral(expr.value);
      case "vararg":
        return "va[0]";
      case "function":
        return this.closure(expr.body, "anonymous");
      case "local":
        return "v" + expr.local.id;
      case "paren":
        return this.value(expr.inner);
      case "global":
        return this.#fixedName(expr) ?? this.#global(expr.name, expr.line);
      case "index":
        return this.#fixedName(expr) ?? this.#index(expr);
      case "call":
      case "method":
        return `((r = ${this.call(expr)}) instanceof Array ? r[0] : r)`;
      case "and":
      case "or":
        return this.#logic(expr);
      case "not":
        return `!${this.condition(expr.operand)}`;
      case "minus":
        return this.#minus(expr);
      case "length":
        return this.#length(expr);
      case "arithmetic":
        return this.#arithmetic(expr);
      case "compare":
        return this.condition(expr);
      case "concat":
        return this.#concat(expr);
      case "table":
        return this.#table(expr);
    }
  }

  /** An expression as a JavaScript boolean. */
  condition(expr: Expr): string {
    switch (expr.kind) {
      case "true":
      case "number":
      case "string":
        return "true";
      case "nil":
      case "false":
        return "false";
      case "not":
        return `!${this.condition(expr.operand)}`;
      case "and":
      case "or": {
        const operator = expr.kind === "and" ? " && " : " || ";
        return `(${chainOf(expr).map((operand) => this.condition(operand)).join(operator)})`;
      }
      case "compare":
        return this.#compare(expr);
      case "paren":
        return this.condition(expr.inner);
    }
    if (this.types.of(expr) === "boolean") return this.value(expr);
    return `((r = ${this.value(expr)}) !== undefined && r !== false)`;
  }

  /** All values of an open expression, as an array. */
  override values(expr: Expr): string {
    return expr.kind === "vararg" ? "va" : `all(${this.call(expr)})`;
  }

  /** A call, as the result it gives: one value or an array. */
  call(expr: Expr): string {
    if (expr.kind === "method") return this.#method(expr, false);
    if (expr.kind !== "call") throw new Error("not a call");
    return this.#call(expr, false);
  }

  /** A call that stands alone in a return statement: statements that leave its result in `r`, or return. */
  tailCall(expr: Expr): string {
    return expr.kind === "method"
      ? this.#method(expr, true)
      : this.#call(expr as Extract<Expr, { kind: "call" }>, true);
  }

  #call(expr: Extract<Expr, { kind: "call" }>, tail: boolean): string {
    const { callee, args, line } = expr;
    const site = this.site({ line, left: nameOf(callee), call: true, tail });
    const fixed = this.#fixed(callee);
    if (fixed instanceof LuaFunction && !fixed.generator) return this.#hostCall(fixed, args, site, tail);
    const known = this.#knownFunction(callee);
    return this.operands(
      [callee, ...args],
      ([f, ...names]) => this.#invoke(f!, names, args, site, known, tail),
      isOpen(args.at(-1)),
      tail,
    );
  }

  /** A call of a host function that is known, and does not call Lua: it has its result at once. */
  #hostCall(fixed: LuaFunction, args: readonly Expr[], site: number, tail: boolean): string {
    this.calls = true;
    const name = this.chunk.constant(fixed);
    const open = isOpen(args.at(-1));
    return this.operands(
      args,
      (names) => {
        const list = names.map((arg, i) => open && i === names.length - 1 ? "..." + arg : arg).join(", ");
        return tail ? `pc = ${site}; r = ${name}.fn(${list});` : `(pc = ${site}, ${name}.fn(${list}))`;
      },
      open,
      tail,
    );
  }

  /** The value that an expression is known to have from what the host has fixed; undefined for none. */
  #fixed(expr: Expr): LuaValue {
    if (expr.kind === "global") return this.chunk.fixedGlobal(expr.name);
    if (expr.kind !== "index" || expr.key.kind !== "string") return undefined;
    const object = this.#fixed(expr.object);
    if (!(object instanceof LuaTable) || !object.readonly) return undefined;
    return object === this.chunk.state.globals
      ? this.chunk.fixedGlobal(expr.key.value)
      : object.getStr(expr.key.value);
  }

  /** A known value in the output; undefined where it is not known, or nothing to name. */
  #fixedName(expr: Expr): string | undefined {
    const value = this.#fixed(expr);
    return value instanceof LuaFunction || value instanceof LuaTable ? this.chunk.constant(value) : undefined;
  }

  #method(expr: Extract<Expr, { kind: "method" }>, tail: boolean): string {
    const { object, name, args, line, lookupLine } = expr;
    const lookup = this.site({ line: lookupLine, left: nameOf(object) });
    const site = this.site({ line, left: { kind: "method", name }, call: true, tail });
    const mark = this.mark();
    const f = this.temporary();
    const self = this.isStable(object) ? this.value(object) : this.temporary();
    const take = this.isStable(object) ? "" : `${self} = ${this.value(object)}, `;
    const key = `${stringLiteral(name)}, ${stringHash(name)}`;
    const look = `${take}${f} = ${this.pending(`C.indexStr(${self}, ${key}, ${lookup})`, lookup)}`;
    const invoke = this.operands(
      args,
      (names) => this.#invoke(f, [self, ...names], args, site, undefined, tail),
      isOpen(args.at(-1)),
      tail,
    );
    this.release(mark);
    return tail ? `${look}; ${invoke}` : `(${look}, ${invoke})`;
  }

  /**
   * The call itself. A plain function has its result at once, one of Lua (or a host function that calls Lua) is a
   * generator. `known`: the function, where the text tells.
   */
  #invoke(
    f: string,
    names: string[],
    args: readonly Expr[],
    site: number,
    known: FunctionNode | undefined,
    tail: boolean,
  ): string {
    this.calls = true;
    const list = names.map((name, i) => i === names.length - 1 && isOpen(args.at(-1)) ? "..." + name : name)
      .join(", ");
    if (known !== undefined) {
      const plain = this.isPlain(known);
      if (!tail) {
        const go = `(pc = ${site}, ${plain ? "" : "yield* "}${f}.fn(${list}))`;
        return plain ? `((r = ${go}) === P ? yield P : r)` : go;
      }
      return plain
        ? `pc = ${site}; r = ${f}.fn(${list}); if (r === P) r = yield P;`
        : `if (S.depth <= 1) return S.tail(${f}, [${list}]); pc = ${site}; r = yield* ${f}.fn(${list});`;
    }
    const mark = this.mark();
    const target = /^t\d/.test(f) ? f : this.temporary();
    const take = target === f ? "" : `${target} = ${f}, `;
    this.release(mark);
    const check =
      `pc = ${site}, ${take}${target} instanceof LF || (${target} = C.callable(${target}, ${site}))`;
    if (tail) {
      // A host function takes no place: its errors are those of this line.
      const replaces = `S.depth <= 1 && ${target}.generator && !${target}.host`;
      return `${check}; if (${replaces}) return S.tail(${target}, [${list}]); ` +
        `r = ${target}.fn(${list}); if (${target}.generator) r = yield* r; else if (r === P) r = yield P;`;
    }
    if (this.runsOnce()) {
      return `(${check}, (r = C.ready(${target}, ${target}.fn(${list}))) === P ? yield P : r)`;
    }
    return `(${check}, r = ${target}.fn(${list}), ${target}.generator ? yield* r : r === P ? yield P : r)`;
  }

  /** The function that a variable always holds. */
  #knownFunction(callee: Expr): FunctionNode | undefined {
    if (callee.kind !== "local" || callee.local.assigned) return undefined;
    const [source] = callee.local.sources;
    return source?.kind === "function" ? source.body : undefined;
  }

  #global(name: string, line: number): string {
    const site = this.site({ line, left: { kind: "global", name } });
    const look = `C.indexStr(E, ${stringLiteral(name)}, ${stringHash(name)}, ${site})`;
    return this.chunk.plainGlobals ? look : this.pending(look, site);
  }

  #index({ object, key, line }: Extract<Expr, { kind: "index" }>): string {
    const site = this.site({ line, left: nameOf(object) });
    if (key.kind === "string") {
      const literal = `${stringLiteral(key.value)}, ${stringHash(key.value)}`;
      return this.pending(`C.indexStr(${this.value(object)}, ${literal}, ${site})`, site);
    }
    const helper = this.types.of(key) === "number" ? "indexNumber" : "index";
    return this.operands([object, key], ([o, k]) => this.pending(`C.${helper}(${o}, ${k}, ${site})`, site));
  }

  /** `and`, `or` as values: the first operand that decides, otherwise the last. */
  #logic(expr: Extract<Expr, { kind: "and" | "or" }>): string {
    const operator = expr.kind === "and" ? " && " : " || ";
    const chain = chainOf(expr);
    if (this.types.of(expr) === "boolean") {
      return `(${chain.map((operand) => this.value(operand)).join(operator)})`;
    }
    const mark = this.mark();
    const value = this.temporary();
    const tests = chain.map((operand, i) =>
      i < chain.length - 1
        ? `(${value} = ${this.value(operand)}) !== undefined && ${value} !== false`
        : `(${value} = ${this.value(operand)}, true)`
    );
    this.release(mark);
    return `(${tests.map((test) => `(${test})`).join(operator)}, ${value})`;
  }

  #minus({ operand, line }: Extract<Expr, { kind: "minus" }>): string {
    if (this.types.of(operand) === "number") return `(-${this.value(operand)})`;
    const site = this.site({ line, left: nameOf(operand) });
    return this.operands(
      [operand],
      ([x]) => `(typeof ${x} === "number" ? -${x} : ${this.pending(`C.negate(${x}, ${site})`, site)})`,
    );
  }

  #length({ operand, line }: Extract<Expr, { kind: "length" }>): string {
    if (this.types.of(operand) === "table") return `${this.value(operand)}.length()`;
    const site = this.site({ line, left: nameOf(operand) });
    return `C.length(${this.value(operand)}, ${site})`;
  }

  #arithmetic(expr: Arithmetic): string {
    const { left } = expr;
    if (left.kind === "arithmetic" && spineLength(expr) > MAX_NESTED) return this.#longSum(expr);
    const leftIsNumber = this.types.of(left) === "number";
    const rightIsNumber = this.types.of(expr.right) === "number";
    if (leftIsNumber && rightIsNumber) {
      return calculation(expr.operator, this.value(left), this.value(expr.right));
    }
    return this.operands(
      [left, expr.right],
      ([x, y]) => this.#calculate(expr, x!, leftIsNumber, y!, rightIsNumber),
    );
  }

  /** An operation on values with short names. */
  #calculate(expr: Arithmetic, x: string, xIsNumber: boolean, y: string, yIsNumber: boolean): string {
    const { operator, left, right, line } = expr;
    const fast = calculation(operator, x, y);
    if (xIsNumber && yIsNumber) return fast;
    const site = this.site({ line, left: nameOf(left), right: nameOf(right) });
    const test = bothNumbers(xIsNumber, x, yIsNumber, y);
    return `(${test} ? ${fast} : ${this.pending(`C.arithmetic("${operator}", ${x}, ${y}, ${site})`, site)})`;
  }

  /** A sum of hundreds of terms: one after the other, as neither we nor V8 can nest so deep. */
  #longSum(expr: Arithmetic): string {
    const spine: Arithmetic[] = [];
    let first: Expr = expr;
    for (; first.kind === "arithmetic"; first = first.left) spine.push(first);
    const mark = this.mark();
    const sum = this.temporary();
    const steps = [`${sum} = ${this.value(first)}`];
    let isNumber = this.types.of(first) === "number";
    for (const part of spine.reverse()) {
      const rightIsNumber = this.types.of(part.right) === "number";
      const known = isNumber;
      steps.push(
        this.operands(
          [part.right],
          ([y]) => `${sum} = ${this.#calculate(part, sum, known, y!, rightIsNumber)}`,
        ),
      );
      isNumber &&= rightIsNumber;
    }
    this.release(mark);
    return `(${steps.join(", ")}, ${sum})`;
  }

  #compare(expr: Extract<Expr, { kind: "compare" }>): string {
    const { operator, left, right } = expr;
    switch (operator) {
      case "==":
        return this.#equals(expr);
      case "~=":
        return `!${this.#equals(expr)}`;
      case "<":
      case "<=":
        return this.#order(operator, left, right, expr.line, false);
    }
    return this.#order(operator === ">" ? "<" : "<=", right, left, expr.line, true);
  }

  /** `swapped`: `right` stands left in the text and is evaluated first, as in PUC. */
  #order(operator: "<" | "<=", left: Expr, right: Expr, line: number, swapped: boolean): string {
    const leftIsNumber = this.types.of(left) === "number";
    const rightIsNumber = this.types.of(right) === "number";
    return this.operands(swapped ? [right, left] : [left, right], (names) => {
      const [x, y] = swapped ? [names[1], names[0]] : names;
      if (leftIsNumber && rightIsNumber) return `(${x} ${operator} ${y})`;
      const site = this.site({ line });
      const test = bothNumbers(leftIsNumber, x!, rightIsNumber, y!);
      const helper = operator === "<" ? "less" : "lessOrEqual";
      return `(${test} ? ${x} ${operator} ${y} : ${this.pending(`C.${helper}(${x}, ${y}, ${site})`, site)})`;
    });
  }

  #equals({ left, right, line }: Extract<Expr, { kind: "compare" }>): string {
    const plain = [left, right].some((expr) =>
      expr.kind === "nil" || ["number", "string", "boolean", "lua function"].includes(this.types.of(expr))
    );
    return this.operands([left, right], ([x, y]) => {
      if (plain) return `(${x} === ${y})`;
      const site = this.site({ line });
      return `(${x} === ${y} || ${this.pending(`C.equals(${x}, ${y}, ${site})`, site)})`;
    });
  }

  /** Each operand has a site, one after the other. */
  #concat({ operands, line }: Extract<Expr, { kind: "concat" }>): string {
    return this.operands(operands, (names) => {
      const [site] = operands.map((operand) => this.site({ line, left: nameOf(operand) }));
      const slow = this.pending(`C.concat([${names.join(", ")}], ${site})`, site!);
      const types = operands.map((operand) => this.types.of(operand));
      const unsure = types.flatMap((type, i) =>
        type === "string" || type === "number" ? [] : [`typeof ${names[i]} === "string"`]
      );
      const fast = names.map((name, i) => types[i] === "number" ? `text(${name})` : name).join(" + ");
      return unsure.length === 0 ? `(${fast})` : `(${unsure.join(" && ")} ? ${fast} : ${slow})`;
    });
  }

  #table({ fields, line }: Extract<Expr, { kind: "table" }>): string {
    const listed = fields.filter((field) => field.key === undefined).length;
    const keyed = fields.length - listed;
    const last = fields.at(-1);
    const open = last !== undefined && last.key === undefined && isOpen(last.value);
    if (fields.length === 0) return "new LT()";
    const sizes = `${constructorSize(open ? listed - 1 : listed)}, ${constructorSize(keyed)}`;
    if (keyed === 0 && listed <= FLUSH) {
      return `C.fill(new LT(${sizes}), [${this.list(fields.map((field) => field.value))}], 0)`;
    }
    return this.#mixedTable(fields, `new LT(${sizes})`, open, line);
  }

  /** Elements are kept back and put in fifty at a time, keys at once: which wins shows where they overlap. */
  #mixedTable(
    fields: readonly { key: Expr | undefined; value: Expr }[],
    empty: string,
    open: boolean,
    line: number,
  ): string {
    const mark = this.mark();
    const table = this.temporary();
    const steps = [`${table} = ${empty}`];
    const items = this.temporary();
    let waiting = 0, filled = 0;
    const flush = () => {
      if (waiting > 0) steps.push(`C.fill(${table}, ${items}, ${filled})`);
      filled += waiting;
      waiting = 0;
    };
    fields.forEach(({ key, value }, i) => {
      if (key === undefined) {
        if (waiting === FLUSH) flush();
        if (waiting++ === 0) steps.push(`${items} = []`);
        const spread = open && i === fields.length - 1;
        steps.push(`${items}.push(${spread ? "..." + this.values(value) : this.value(value)})`);
      } else steps.push(this.#setField(table, key, value, line));
    });
    flush();
    this.release(mark);
    return `(${steps.join(", ")}, ${table})`;
  }

  #setField(table: string, key: Expr, value: Expr, line: number): string {
    if (key.kind === "string") {
      return `${table}.setStr(${stringLiteral(key.value)}, ${this.value(value)}, ${stringHash(key.value)})`;
    }
    const site = this.site({ line });
    return this.operands([key, value], ([k, v]) => `C.setIndex(${table}, ${k}, ${v}, ${site})`);
  }
}

/** Operations in a chain that leans to the left. */
function spineLength(expr: Expr): number {
  let length = 0;
  for (let left = expr; left.kind === "arithmetic"; left = left.left) length++;
  return length;
}

/** The test that two operands are numbers, where not both are known to be. */
function bothNumbers(leftKnown: boolean, x: string, rightKnown: boolean, y: string): string {
  const tests = [];
  if (!leftKnown) tests.push(`typeof ${x} === "number"`);
  if (!rightKnown) tests.push(`typeof ${y} === "number"`);
  return tests.join(" && ");
}

function calculation(operator: string, x: string, y: string): string {
  if (operator === "%") return `modulo(${x}, ${y})`;
  if (operator === "^") return `power(${x}, ${y})`;
  return `(${x} ${operator} ${y})`;
}

/** PUC keeps the sizes of a constructor in a byte: from 16 on they are rounded up to three binary digits. */
export function constructorSize(n: number): number {
  let exponent = 0;
  while (n >= 16) {
    n = (n + 1) >> 1;
    exponent++;
  }
  return n << exponent;
}
