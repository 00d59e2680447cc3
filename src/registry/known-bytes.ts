import { createHash } from 'node:crypto';

/** Bytes remembered, each as a short text. */
const MAX_KNOWN = 65_536;

/**
 * Ids of schemas by the bytes that they were registered with. Clients register their contracts at every connect: what
 * is known is neither compiled again nor waited for.
 */
export class KnownBytes {
  readonly #ids = new Map<string, string>();

  /** `root` is the one that was asked for, if one was. */
  find(bfbs: Uint8Array, root: string | undefined): string | undefined {
    return this.#ids.get(keyOf(bfbs, root));
  }

  remember(bfbs: Uint8Array, root: string | undefined, id: string): void {
    const key = keyOf(bfbs, root);
    this.#ids.delete(key);
    this.#ids.set(key, id);
    if (this.#ids.size > MAX_KNOWN) this.#ids.delete(this.#ids.keys().next().value!);
  }
}

function keyOf(bfbs: Uint8Array, root = ''): string {
  return `${createHash('sha256').update(bfbs).digest('base64')} ${root}`;
}
