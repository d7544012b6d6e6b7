import { posix } from 'node:path'
import ts from 'typescript'

/** What one source file reaches for outside itself. */
export type Reach = {
  /** Files of the project by their path from its root, packages by the name they are imported by. */
  readonly imports: readonly string[]
  readonly readsEnvironment: boolean
}

/** An import whose target is computed: no rule can judge it, so every rule may refuse it. */
export const COMPUTED = '(computed)'

/** Reads a source file, whose path is given from the project's root. Comments and strings do not count. */
export const reachOf = (path: string, text: string): Reach => {
  const imports: string[] = []
  let readsEnvironment = false
  const visit = (node: ts.Node): void => {
    const target = importTarget(node)
    if (target !== undefined) imports.push(resolve(path, target))
    if (target === 'node:process' || target === 'process' || isEnvironment(node)) {
      readsEnvironment = true
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  return { imports, readsEnvironment }
}

const resolve = (from: string, target: string): string =>
  target.startsWith('.') ? posix.join(posix.dirname(from), target) : target

/** `import`, `export from`, `import()` and `import('...').Type`: an import of types alone is a dependency as well. */
const importTarget = (node: ts.Node): string | undefined => {
  if (ts.isImportDeclaration(node)) return literal(node.moduleSpecifier)
  if (ts.isExportDeclaration(node)) {
    return node.moduleSpecifier === undefined ? undefined : literal(node.moduleSpecifier)
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0])
  }
  return ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
    ? literal(node.argument.literal)
    : undefined
}

const literal = (node: ts.Node | undefined): string =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : COMPUTED

/** `process.env`, `globalThis.process.env`, `process['env']` and `const { env } = process`. */
const isEnvironment = (node: ts.Node): boolean => {
  if (ts.isPropertyAccessExpression(node)) {
    return node.name.text === 'env' && isProcess(node.expression)
  }
  if (ts.isElementAccessExpression(node)) {
    return literal(node.argumentExpression) === 'env' && isProcess(node.expression)
  }
  return (
    ts.isVariableDeclaration(node) &&
    ts.isObjectBindingPattern(node.name) &&
    node.initializer !== undefined &&
    isProcess(node.initializer)
  )
}

const isProcess = (node: ts.Expression): boolean =>
  /^(?:globalThis\.)?process$/.test(node.getText())
