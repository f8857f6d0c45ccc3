/**
 * The tree between parser and code generator. Names are resolved already: a local variable is one `Local` object
 * wherever it is mentioned. Lines are the ones that PUC's compiler would note for the instruction that can fail.
 */

/** A local variable. */
export type Local = {
  /** Unique within the chunk. */
  readonly id: number;
  readonly name: string;
  /** The function that declares it. */
  readonly owner: FunctionNode;
  /** Assigned to after its declaration. */
  assigned: boolean;
  /** Mentioned by an inner function. */
  captured: boolean;
  /** All it is ever given, where that is known as expressions; undefined entries are anything at all. */
  readonly sources: (Expr | undefined)[];
};

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "^";
export type Comparison = "==" | "~=" | "<" | "<=" | ">" | ">=";

export type Expr =
  | { kind: "nil" | "true" | "false" | "vararg" }
  | { kind: "number"; value: number }
  | { kind: "string"; value: string }
  | { kind: "function"; body: FunctionNode }
  | { kind: "local"; local: Local; upvalue: boolean }
  | { kind: "global"; name: string; line: number }
  | { kind: "index"; object: Expr; key: Expr; line: number }
  | { kind: "call"; callee: Expr; args: Expr[]; line: number }
  | { kind: "method"; object: Expr; name: string; args: Expr[]; line: number; lookupLine: number }
  | { kind: "and" | "or"; left: Expr; right: Expr }
  | { kind: "not"; operand: Expr }
  | { kind: "minus"; operand: Expr; line: number }
  | { kind: "length"; operand: Expr; line: number }
  | { kind: "arithmetic"; operator: BinaryOperator; left: Expr; right: Expr; line: number }
  | { kind: "compare"; operator: Comparison; left: Expr; right: Expr; line: number }
  | { kind: "concat"; operands: Expr[]; line: number }
  | { kind: "table"; fields: { key: Expr | undefined; value: Expr }[]; line: number }
  | { kind: "paren"; inner: Expr };

/** What can stand left of "=". */
export type Target = Extract<Expr, { kind: "local" | "global" | "index" }>;

export type Statement =
  | { kind: "local"; locals: Local[]; values: Expr[] }
  | { kind: "assign"; targets: Target[]; values: Expr[]; line: number }
  | { kind: "call"; call: Expr }
  | { kind: "do"; body: Block }
  | { kind: "while"; condition: Expr; body: Block; line: number }
  | { kind: "repeat"; body: Block; condition: Expr; line: number }
  | { kind: "if"; conditions: Expr[]; bodies: Block[]; otherwise: Block | undefined }
  | {
    kind: "count";
    variable: Local;
    from: Expr;
    to: Expr;
    step: Expr | undefined;
    body: Block;
    line: number;
  }
  | { kind: "each"; variables: Local[]; values: Expr[]; body: Block; line: number }
  | { kind: "function"; local: Local; body: FunctionNode }
  | { kind: "return"; values: Expr[] }
  | { kind: "break" };

export type Block = Statement[];

export type FunctionNode = {
  /** The enclosing function; undefined: the chunk itself. */
  readonly parent: FunctionNode | undefined;
  readonly line: number;
  parameters: Local[];
  vararg: boolean;
  /** Lua 5.0's table of the extra arguments, there where the body never says "...". */
  arg: Local | undefined;
  usesVararg: boolean;
  body: Block;
  /** Locals of outer functions that it or an inner one mentions. */
  readonly upvalues: Set<Local>;
};

/** Whether an expression may give any number of values. */
export function isOpen(expr: Expr | undefined): boolean {
  return expr !== undefined && (expr.kind === "call" || expr.kind === "method" || expr.kind === "vararg");
}

/** The operands of `a or b or c` (or of `and`), which leans to the left: long ones must not be descended into. */
export function chainOf(expr: Extract<Expr, { kind: "and" | "or" }>): Expr[] {
  const operands: Expr[] = [];
  let left: Expr = expr;
  while (left.kind === expr.kind) {
    const { left: next, right } = left as typeof expr;
    operands.push(right);
    left = next;
  }
  operands.push(left);
  return operands.reverse();
}
