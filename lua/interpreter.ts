/**
 * Runs a chunk from its tree, without compiling it. Only for chunks that straight.ts has found to be short; the
 * compiler (codegen*.ts) is for all others, and what both do must be the same to the last error text. So everything that is
 * not the quick way is left to the helpers that compiled code calls too (chunk.ts).
 *
 * Values that need no call are found by plain functions (`#quick`), as a generator costs more than they do. They answer MISS,
 * having done nothing, where a metamethod or a call would be needed.
 */

import {
  type Block,
  chainOf,
  type Expr,
  type FunctionNode,
  isOpen,
  type Statement,
  type Target,
} from "./ast.ts";
import { calculate, type Chunk, type Site } from "./chunk.ts";
import { constructorSize, FLUSH } from "./codegen_expressions.ts";
import { nameOf } from "./codegen_operands.ts";
import { toText } from "./number.ts";
import { PENDING } from "./signals.ts";
import { LuaTable } from "./table.ts";
import { all, type LuaCall, LuaFunction, type LuaResult, type LuaValue, NOTHING, truthy } from "./value.ts";

/** No value could be had without a call. */
const MISS = Symbol("miss");

type Call = Extract<Expr, { kind: "call" | "method" }>;
type Steps<T> = Generator<unknown, T, LuaResult>;

/** One call of a chunk. */
export class Interpreter {
  readonly #chunk: Chunk;
  readonly #environment: LuaTable;
  readonly #extra: LuaValue[];
  /** By the numbers of the variables. */
  readonly #locals: LuaValue[] = [];
  /** The place of the call under way, which errors of host functions are said to be at. */
  #at: Site = { line: 1 };

  /** @param extra what "..." stands for */
  constructor(chunk: Chunk, environment: LuaTable, extra: LuaValue[]) {
    this.#chunk = chunk;
    this.#environment = environment;
    this.#extra = extra;
  }

  /** Runs the chunk whose tree is `node`. */
  *run(node: FunctionNode): LuaCall {
    const { state } = this.#chunk;
    if (state.depth >= state.limit) return (yield state.deep(() => this.run(node), [])) as LuaResult;
    state.depth++;
    if (--state.steps < 0) yield;
    try {
      const result = yield* this.#block(node.body);
      state.depth--;
      return result === MISS ? NOTHING : result;
    } catch (thrown) {
      throw this.#chunk.settle(thrown, this.#site(this.#at));
    }
  }

  #site(site: Site): number {
    return this.#chunk.sites.push(site) - 1;
  }

  /** Waits for a metamethod, if that is what a helper asks for. */
  *#settled(value: unknown, line: number): Steps<LuaValue> {
    if (value !== PENDING) return value as LuaValue;
    this.#at = { line };
    return (yield PENDING) as LuaValue;
  }

  // -- Statements ---------------------------------------------------------------------------------------------------

  /** What a block returns; MISS where it comes to its end. */
  *#block(block: Block): Steps<LuaResult | typeof MISS> {
    for (const statement of block) {
      const result = yield* this.#statement(statement);
      if (result !== MISS) return result;
    }
    return MISS;
  }

  *#statement(statement: Statement): Steps<LuaResult | typeof MISS> {
    switch (statement.kind) {
      case "local": {
        const { locals, values } = statement;
        const given = yield* this.#adjusted(values, locals.length);
        for (let i = 0; i < locals.length; i++) this.#locals[locals[i]!.id] = given[i];
        return MISS;
      }
      case "assign":
        yield* this.#assign(statement.targets, statement.values, statement.line);
        return MISS;
      case "call":
        yield* this.#call(statement.call as Call);
        return MISS;
      case "do":
        return yield* this.#block(statement.body);
      case "if":
        for (let i = 0; i < statement.conditions.length; i++) {
          if (truthy(yield* this.#value(statement.conditions[i]!))) {
            return yield* this.#block(statement.bodies[i]!);
          }
        }
        return statement.otherwise === undefined ? MISS : yield* this.#block(statement.otherwise);
      case "return":
        return yield* this.#return(statement.values);
    }
    throw new Error(`a straight chunk with ${statement.kind}`);
  }

  *#return(values: readonly Expr[]): Steps<LuaResult> {
    const [value] = values;
    if (value === undefined) return NOTHING;
    if (values.length > 1) return yield* this.#list(values);
    if (value.kind === "vararg") return this.#extra;
    if (value.kind === "call" || value.kind === "method") return yield* this.#call(value, true);
    return yield* this.#value(value);
  }

  /** The values of a list, as many as there are variables for them. */
  *#adjusted(values: readonly Expr[], count: number): Steps<readonly LuaValue[]> {
    const last = values[values.length - 1];
    if (last !== undefined && values.length < count && isOpen(last)) return yield* this.#list(values);
    const list: LuaValue[] = [];
    for (const value of values) list.push(yield* this.#value(value));
    return list;
  }

  /** The tables and keys first, then the values, then the assignments from the last to the first. */
  *#assign(targets: readonly Target[], values: readonly Expr[], line: number): Steps<void> {
    const places: LuaValue[] = [];
    for (const target of targets) {
      if (target.kind !== "index") places.push(undefined, undefined);
      else places.push(yield* this.#value(target.object), yield* this.#value(target.key));
    }
    const given = yield* this.#adjusted(values, targets.length);
    for (let i = targets.length - 1; i >= 0; i--) {
      const target = targets[i]!;
      if (target.kind === "local") this.#locals[target.local.id] = given[i];
      else if (target.kind === "global") {
        const left = { kind: "global", name: target.name };
        yield* this.#set(this.#environment, target.name, given[i], { line, left });
      } else {
        const left = nameOf(target.object);
        yield* this.#set(places[2 * i], places[2 * i + 1], given[i], { line, left });
      }
    }
  }

  *#set(object: LuaValue, key: LuaValue, value: LuaValue, site: Site): Steps<void> {
    const chunk = this.#chunk;
    yield* this.#settled(chunk.setIndex(object, key, value, this.#site(site)), site.line);
  }

  // -- Calls --------------------------------------------------------------------------------------------------------

  /** All values of a list; the last expression gives all of its own. */
  *#list(exprs: readonly Expr[], into: LuaValue[] = []): Steps<LuaValue[]> {
    const last = exprs.length - 1;
    for (let i = 0; i <= last; i++) {
      const expr = exprs[i]!;
      const quick = this.#quick(expr);
      if (i === last && isOpen(expr)) into.push(...yield* this.#values(expr));
      else into.push(quick === MISS ? yield* this.#slow(expr) : quick);
    }
    return into;
  }

  /** All values of an open expression. */
  *#values(expr: Expr): Steps<readonly LuaValue[]> {
    return expr.kind === "vararg" ? this.#extra : all(yield* this.#call(expr as Call));
  }

  /** Makes a call. `tail`: it stands alone in a return statement. */
  *#call(expr: Call, tail = false): Steps<LuaResult> {
    const { line } = expr;
    const args: LuaValue[] = [];
    let target: LuaValue;
    let site: Site;
    if (expr.kind === "method") {
      const { object, name, lookupLine } = expr;
      const self = yield* this.#value(object);
      target = yield* this.#indexed(self, name, lookupLine, object);
      args.push(self);
      site = { line, left: { kind: "method", name }, call: true, tail };
    } else {
      target = yield* this.#value(expr.callee);
      site = { line, left: nameOf(expr.callee), call: true, tail };
    }
    yield* this.#list(expr.args, args);
    this.#at = site;
    const chunk = this.#chunk;
    const { state } = chunk;
    if (!(target instanceof LuaFunction)) target = chunk.callable(target, this.#site(site));
    // A host function takes no place: its errors are those of this line.
    if (tail && state.depth <= 1 && target.generator && !target.host) return state.tail(target, args);
    const result = target.fn(...args);
    if (tail && target.generator) return yield* result as LuaCall;
    const ready = chunk.ready(target, result as LuaResult | LuaCall);
    return ready === PENDING ? yield PENDING : ready;
  }

  // -- Values -------------------------------------------------------------------------------------------------------

  /** An expression's first value. */
  *#value(expr: Expr): Steps<LuaValue> {
    const quick = this.#quick(expr);
    return quick === MISS ? yield* this.#slow(expr) : quick;
  }

  /** A value that can be had without any call. */
  #quick(expr: Expr): LuaValue | typeof MISS {
    switch (expr.kind) {
      case "nil":
        return undefined;
      case "true":
        return true;
      case "false":
        return false;
      case "number":
      case "string":
        return expr.value;
      case "vararg":
        return this.#extra[0];
      case "local":
        return this.#locals[expr.local.id];
      case "paren":
        return this.#quick(expr.inner);
      case "global":
        return found(this.#environment, expr.name);
      case "index": {
        const object = this.#quick(expr.object);
        if (!(object instanceof LuaTable)) return MISS;
        const key = this.#quick(expr.key);
        return key === MISS ? MISS : found(object, key);
      }
    }
    return MISS;
  }

  *#slow(expr: Expr): Steps<LuaValue> {
    switch (expr.kind) {
      case "paren":
        return yield* this.#value(expr.inner);
      case "global":
        return yield* this.#indexed(this.#environment, expr.name, expr.line, expr);
      case "index": {
        const object = yield* this.#value(expr.object);
        return yield* this.#indexed(object, yield* this.#value(expr.key), expr.line, expr.object);
      }
      case "call":
      case "method": {
        const result = yield* this.#call(expr);
        return result instanceof Array ? result[0] : result;
      }
      case "and":
      case "or": {
        let value: LuaValue;
        for (const operand of chainOf(expr)) {
          value = yield* this.#value(operand);
          if (truthy(value) === (expr.kind === "or")) break;
        }
        return value;
      }
      case "not":
        return !truthy(yield* this.#value(expr.operand));
      case "minus":
        return yield* this.#minus(expr);
      case "length": {
        const operand = yield* this.#value(expr.operand);
        if (operand instanceof LuaTable) return operand.length();
        return this.#chunk.length(operand, this.#site({ line: expr.line, left: nameOf(expr.operand) }));
      }
      case "arithmetic":
        return yield* this.#arithmetic(expr);
      case "compare":
        return yield* this.#compare(expr);
      case "concat":
        return yield* this.#concat(expr);
      case "table":
        return yield* this.#table(expr);
    }
    throw new Error(`a straight chunk with ${expr.kind}`);
  }

  /** `object[key]`; `named`: the expression whose name an error tells. */
  *#indexed(object: LuaValue, key: LuaValue, line: number, named: Expr): Steps<LuaValue> {
    const quick = object instanceof LuaTable ? found(object, key) : MISS;
    if (quick !== MISS) return quick;
    const chunk = this.#chunk;
    return yield* this.#settled(chunk.index(object, key, this.#site({ line, left: nameOf(named) })), line);
  }

  *#minus({ operand, line }: Extract<Expr, { kind: "minus" }>): Steps<LuaValue> {
    const value = yield* this.#value(operand);
    if (typeof value === "number") return -value;
    const chunk = this.#chunk;
    return yield* this.#settled(chunk.negate(value, this.#site({ line, left: nameOf(operand) })), line);
  }

  /** A sum leans to the left, and may have more terms than generators can be nested. */
  *#arithmetic(expr: Extract<Expr, { kind: "arithmetic" }>): Steps<LuaValue> {
    const spine: (typeof expr)[] = [];
    let first: Expr = expr;
    for (; first.kind === "arithmetic"; first = first.left) spine.push(first);
    let value = yield* this.#value(first);
    for (let i = spine.length - 1; i >= 0; i--) {
      const { operator, left, right, line } = spine[i]!;
      const other = yield* this.#value(right);
      if (typeof value === "number" && typeof other === "number") value = calculate(operator, value, other);
      else {
        const site = this.#site({ line, left: nameOf(left), right: nameOf(right) });
        value = yield* this.#settled(this.#chunk.arithmetic(operator, value, other, site), line);
      }
    }
    return value;
  }

  *#compare({ operator, left, right, line }: Extract<Expr, { kind: "compare" }>): Steps<LuaValue> {
    const x = yield* this.#value(left);
    const y = yield* this.#value(right);
    const chunk = this.#chunk;
    if (operator === "==" || operator === "~=") {
      const equal = x === y ||
        (yield* this.#settled(chunk.equals(x, y, this.#site({ line })), line)) === true;
      return equal === (operator === "==");
    }
    const swapped = operator === ">" || operator === ">=";
    const [a, b] = swapped ? [y, x] : [x, y];
    const strict = operator === "<" || operator === ">";
    if (typeof a === "number" && typeof b === "number") return strict ? a < b : a <= b;
    const site = this.#site({ line });
    return yield* this.#settled(strict ? chunk.less(a, b, site) : chunk.lessOrEqual(a, b, site), line);
  }

  *#concat({ operands, line }: Extract<Expr, { kind: "concat" }>): Steps<LuaValue> {
    const values: LuaValue[] = [];
    for (const operand of operands) values.push(yield* this.#value(operand));
    const texts = values.map(toText);
    if (!texts.includes(undefined)) return texts.join("");
    // Each operand has a site, one after the other.
    const [site] = operands.map((operand) => this.#site({ line, left: nameOf(operand) }));
    return yield* this.#settled(this.#chunk.concat(values, site!), line);
  }

  /** Elements are kept back and put in fifty at a time, keys at once: which wins shows where they overlap. */
  *#table({ fields, line }: Extract<Expr, { kind: "table" }>): Steps<LuaTable> {
    if (fields.length === 0) return new LuaTable();
    const chunk = this.#chunk;
    const last = fields[fields.length - 1]!;
    const open = last.key === undefined && isOpen(last.value);
    const listed = fields.filter((field) => field.key === undefined).length;
    const table = new LuaTable(
      constructorSize(open ? listed - 1 : listed),
      constructorSize(fields.length - listed),
    );
    let items: LuaValue[] = [];
    let waiting = 0, filled = 0;
    for (const { key, value } of fields) {
      if (key !== undefined) {
        const name = yield* this.#value(key);
        chunk.setIndex(table, name, yield* this.#value(value), this.#site({ line }));
        continue;
      }
      if (waiting === FLUSH) {
        chunk.fill(table, items, filled);
        filled += waiting;
        waiting = 0;
        items = [];
      }
      waiting++;
      if (open && value === last.value) items.push(...yield* this.#values(value));
      else items.push(yield* this.#value(value));
    }
    return waiting === 0 ? table : chunk.fill(table, items, filled);
  }
}

/** What a table has itself; MISS where its metatable has a say. */
function found(table: LuaTable, key: LuaValue): LuaValue | typeof MISS {
  const value = table.get(key);
  return value !== undefined || table.metatable === undefined ? value : MISS;
}
