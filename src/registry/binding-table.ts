import { isMoreSpecific } from '../routing/specificity.js';
import { TokenTrie } from '../routing/token-trie.js';
import type { Binding, FrameUse } from './contract-records.js';

/** Bindings by what they select. Of several that select a subject the most specific counts. */
export class BindingTable {
  readonly #byKey = new Map<string, Binding>();
  readonly #byUse: Readonly<Record<FrameUse, TokenTrie<Binding>>> = {
    message: new TokenTrie(),
    request: new TokenTrie(),
    reply: new TokenTrie(),
  };

  get size(): number {
    return this.#byKey.size;
  }

  get(pattern: string, use: FrameUse): Binding | undefined {
    return this.#byKey.get(keyOf(pattern, use));
  }

  /** One of the same pattern and use gives way. */
  set(binding: Binding): void {
    this.delete(binding.pattern, binding.use);
    this.#byKey.set(keyOf(binding.pattern, binding.use), binding);
    this.#byUse[binding.use].add(binding.pattern, binding);
  }

  /** Returns what was there. */
  delete(pattern: string, use: FrameUse): Binding | undefined {
    const found = this.get(pattern, use);
    if (found === undefined) return undefined;
    this.#byKey.delete(keyOf(pattern, use));
    this.#byUse[use].delete(pattern, found);
    return found;
  }

  values(): Iterable<Binding> {
    return this.#byKey.values();
  }

  of(subject: string, use: FrameUse): Binding | undefined {
    let best: Binding | undefined;
    this.#byUse[use].selecting(subject, (binding) => {
      if (best === undefined || isMoreSpecific(binding.pattern, best.pattern)) best = binding;
    });
    return best;
  }
}

function keyOf(pattern: string, use: FrameUse): string {
  return `${use} ${pattern}`;
}
