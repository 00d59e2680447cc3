import { toHex } from '../codec/message-id.js';
import type { CompiledSchema } from '../contracts/compile-schema.js';
import { ModwireError } from '../errors.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import type { ContractState } from './contract-state.js';
import { KnownBytes } from './known-bytes.js';
import type { RegistryStore } from './registry-store.js';

export interface SchemaContent {
  readonly bfbs: Uint8Array;
  readonly compiled: CompiledSchema;
}

/** The schemas of all versions, compiled: verifying a frame cannot wait for that. */
export class RegistrySchemas {
  readonly #work: HeavyWork;
  readonly #contents = new Map<string, SchemaContent>();
  readonly #known = new KnownBytes();

  constructor(work: HeavyWork) {
    this.#work = work;
  }

  get(id: string): SchemaContent | undefined {
    return this.#contents.get(id);
  }

  /** Of a registered schema. */
  compiledOf(id: string): CompiledSchema {
    return this.#contents.get(id)!.compiled;
  }

  add(id: string, content: SchemaContent): void {
    this.#contents.set(id, content);
    const { bfbs, compiled } = content;
    this.#known.remember(bfbs, compiled.rootName, id);
    if (compiled.root === compiled.schema.root) this.#known.remember(bfbs, undefined, id);
  }

  /** The id of a registered schema with these bytes. */
  idOf(bfbs: Uint8Array, root: string | undefined): string | undefined {
    return this.#known.find(bfbs, root);
  }

  /** The registered schema that these bytes mean, else what they compile to. */
  async compile(bfbs: Uint8Array, root: string | undefined): Promise<SchemaContent> {
    const known = this.#known.find(bfbs, root);
    if (known !== undefined) return this.#contents.get(known)!;
    const compiled = await this.#work.compile(bfbs, root);
    const id = toHex(compiled.id);
    const registered = this.#contents.get(id);
    if (registered === undefined) return { bfbs, compiled };
    this.#known.remember(bfbs, root, id);
    return registered;
  }

  /** Reads and compiles what a state names, some at once. Throws FAILED_PRECONDITION for what is not as it was written. */
  async load(state: ContractState, store: RegistryStore, concurrency: number): Promise<void> {
    const schemas = [...state.schemas()];
    const loadOne = async (): Promise<void> => {
      for (let next = schemas.pop(); next !== undefined; next = schemas.pop()) {
        const [id, { byteSize, checksum }] = next;
        const bfbs = await store.readSchema(id, byteSize, checksum);
        this.add(id, { bfbs, compiled: await this.#compileStored(id, bfbs, state.versionsOf(id)[0]!.root) });
      }
    };
    try {
      await Promise.all(Array.from({ length: concurrency }, loadOne));
    } finally {
      // After a failure the others stop, too.
      schemas.length = 0;
    }
  }

  async #compileStored(id: string, bfbs: Uint8Array, root: string): Promise<CompiledSchema> {
    let compiled: CompiledSchema;
    try {
      compiled = await this.#work.compile(bfbs, root);
    } catch (thrown) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'a registered schema cannot be compiled',
        got: (thrown as Error).message,
        where: `schema ${id}`,
        advice: 'start the version of Modwire that registered it, or a later one',
        cause: thrown,
      });
    }
    const found = toHex(compiled.id);
    if (found === id) return compiled;
    throw new ModwireError('FAILED_PRECONDITION', {
      what: 'a registered schema has another id now',
      expected: id,
      got: found,
      advice: 'start the version of Modwire that registered it, or move the directory away and register anew',
    });
  }
}
