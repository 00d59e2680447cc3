import { ANY_TAIL, ANY_TOKEN, isReserved } from '../codec/subject.js';

interface Node<Value> {
  children: Map<string, Node<Value>> | undefined;
  values: Set<Value> | undefined;
}

/**
 * Values under dot-separated keys, where keys may be subjects or filters. It answers both ways: which of the stored
 * filters select a subject (`selecting`), and which of the stored subjects a filter selects (`selectedBy`).
 * Both walk tokens: the cost follows the number of tokens and of answers, not the number of keys.
 * A wildcard in the first place does not stand for a reserved token.
 */
export class TokenTrie<Value> {
  readonly #root: Node<Value> = { children: undefined, values: undefined };
  #size = 0;

  /** Number of values stored. */
  get size(): number {
    return this.#size;
  }

  add(key: string, value: Value): void {
    let node = this.#root;
    for (const token of key.split('.')) {
      node.children ??= new Map();
      let child = node.children.get(token);
      if (child === undefined) {
        child = { children: undefined, values: undefined };
        node.children.set(token, child);
      }
      node = child;
    }
    node.values ??= new Set();
    if (node.values.has(value)) return;
    node.values.add(value);
    this.#size++;
  }

  /** Removes a value, and the nodes that only led to it. False when it was not there. */
  delete(key: string, value: Value): boolean {
    const tokens = key.split('.');
    const path: Node<Value>[] = [this.#root];
    for (const token of tokens) {
      const child = path[path.length - 1]!.children?.get(token);
      if (child === undefined) return false;
      path.push(child);
    }
    const leaf = path[path.length - 1]!;
    if (!leaf.values?.delete(value)) return false;
    this.#size--;
    if (leaf.values.size === 0) leaf.values = undefined;
    prune(path, tokens);
    return true;
  }

  /** Calls `visit` with every value. */
  visitAll(visit: (value: Value) => void): void {
    visitAll(this.#root, visit);
  }

  /** Calls `visit` with the values of every stored filter that selects `subject`. */
  selecting(subject: string, visit: (value: Value) => void): void {
    this.#selecting(this.#root, subject.split('.'), 0, visit);
  }

  /** Calls `visit` with the values of every stored subject that `filter` selects. */
  selectedBy(filter: string, visit: (value: Value) => void): void {
    this.#selectedBy(this.#root, filter.split('.'), 0, visit);
  }

  #selecting(node: Node<Value>, tokens: string[], depth: number, visit: (value: Value) => void): void {
    if (depth === tokens.length) {
      node.values?.forEach(visit);
      return;
    }
    const { children } = node;
    if (children === undefined) return;
    const token = tokens[depth]!;
    const exact = children.get(token);
    if (exact !== undefined) this.#selecting(exact, tokens, depth + 1, visit);
    if (depth === 0 && isReserved(token)) return;
    children.get(ANY_TAIL)?.values?.forEach(visit);
    const any = children.get(ANY_TOKEN);
    if (any !== undefined) this.#selecting(any, tokens, depth + 1, visit);
  }

  #selectedBy(node: Node<Value>, tokens: string[], depth: number, visit: (value: Value) => void): void {
    if (depth === tokens.length) {
      node.values?.forEach(visit);
      return;
    }
    const { children } = node;
    if (children === undefined) return;
    const token = tokens[depth]!;
    if (token === ANY_TAIL) {
      for (const [name, child] of children) {
        if (depth > 0 || !isReserved(name)) visitAll(child, visit);
      }
    } else if (token === ANY_TOKEN) {
      for (const [name, child] of children) {
        if (depth > 0 || !isReserved(name)) this.#selectedBy(child, tokens, depth + 1, visit);
      }
    } else {
      const child = children.get(token);
      if (child !== undefined) this.#selectedBy(child, tokens, depth + 1, visit);
    }
  }
}

function visitAll<Value>(node: Node<Value>, visit: (value: Value) => void): void {
  node.values?.forEach(visit);
  if (node.children === undefined) return;
  for (const child of node.children.values()) visitAll(child, visit);
}

/** Removes the nodes at the end of a path that hold nothing any more. */
function prune<Value>(path: readonly Node<Value>[], tokens: readonly string[]): void {
  for (let depth = tokens.length; depth > 0; depth--) {
    const node = path[depth]!;
    if (node.values !== undefined || (node.children?.size ?? 0) > 0) return;
    path[depth - 1]!.children!.delete(tokens[depth - 1]!);
  }
}
