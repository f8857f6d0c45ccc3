/**
 * Which variable a name means, and PUC's limits on their number. The parser opens and closes blocks and functions as it
 * meets them; a name is looked up at once, so that the tree holds variables and not names.
 */

import type { Block, Expr, FunctionNode, Local } from "./ast.ts";
import type { Lexer } from "./lexer.ts";

const MAX_LOCALS = 200;
const MAX_UPVALUES = 60;

/** A function being parsed. */
type Frame = {
  node: FunctionNode;
  outer: Frame | undefined;
  /** Variables in scope, the innermost last. */
  active: Local[];
  /** Hidden variables of loops: they count too. */
  hidden: number;
  /** Open blocks: how many variables were active at their start. */
  blocks: { active: number; hidden: number; loop: boolean }[];
};

/** See the file comment. */
export class Scope {
  #frame: Frame | undefined;
  /** All variables of the chunk. */
  readonly locals: Local[] = [];
  readonly #lexer: Lexer;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
  }

  /** The function being parsed. */
  get node(): FunctionNode {
    return this.#frame!.node;
  }

  /** Starts a function. */
  openFunction(line: number): FunctionNode {
    const parent = this.#frame?.node;
    const node: FunctionNode = {
      parent,
      line,
      parameters: [],
      vararg: parent === undefined,
      arg: undefined,
      usesVararg: false,
      body: [],
      upvalues: new Set(),
    };
    this.#frame = { node, outer: this.#frame, active: [], hidden: 0, blocks: [] };
    return node;
  }

  /** Ends a function. */
  closeFunction(body: Block): void {
    this.#frame!.node.body = body;
    this.#frame = this.#frame!.outer;
  }

  /** Starts a block; variables declared from here on end with it. */
  openBlock(loop: boolean): void {
    const { active, hidden, blocks } = this.#frame!;
    blocks.push({ active: active.length, hidden, loop });
  }

  /** Ends a block. */
  closeBlock(): void {
    const frame = this.#frame!;
    const { active, hidden } = frame.blocks.pop()!;
    frame.active.length = active;
    frame.hidden = hidden;
  }

  /** Whether a loop of this function is open. */
  get inLoop(): boolean {
    return this.#frame!.blocks.some((block) => block.loop);
  }

  /** Makes a variable that is not yet in scope. `ahead`: how many others were made and are not in scope yet. */
  declare(name: string, ahead = 0): Local {
    const frame = this.#frame!;
    this.limit(frame.active.length + frame.hidden + ahead + 1, MAX_LOCALS, "local variables");
    const local: Local = {
      id: this.locals.length,
      name,
      owner: frame.node,
      assigned: false,
      captured: false,
      sources: [],
    };
    this.locals.push(local);
    return local;
  }

  /** Brings variables into scope. */
  activate(locals: readonly Local[]): void {
    this.#frame!.active.push(...locals);
  }

  /** Counts the three hidden variables of a for loop. */
  hide(): void {
    const frame = this.#frame!;
    this.limit(frame.active.length + frame.hidden + 3, MAX_LOCALS, "local variables");
    frame.hidden += 3;
  }

  /** What a name means here. */
  resolve(name: string, line: number): Extract<Expr, { kind: "local" | "global" }> {
    for (let frame = this.#frame; frame !== undefined; frame = frame.outer) {
      for (let i = frame.active.length - 1; i >= 0; i--) {
        const local = frame.active[i]!;
        if (local.name !== name) continue;
        if (frame !== this.#frame) this.#capture(local);
        return { kind: "local", local, upvalue: frame !== this.#frame };
      }
    }
    return { kind: "global", name, line };
  }

  #capture(local: Local): void {
    local.captured = true;
    for (let frame = this.#frame!; frame.node !== local.owner; frame = frame.outer!) {
      frame.node.upvalues.add(local);
      this.limit(frame.node.upvalues.size, MAX_UPVALUES, "upvalues", frame.node);
    }
  }

  /** A function may have so many of something. @throws LuaError where `count` is more */
  limit(count: number, limit: number, what: string, { parent, line } = this.node): void {
    if (count <= limit) return;
    const name = parent === undefined ? "main function" : `function at line ${line}`;
    this.#lexer.fail(`${name} has more than ${limit} ${what}`);
  }
}
