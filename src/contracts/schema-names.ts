import type { BfbsTable } from './bfbs-table.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const QUALIFIED = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Name of a field or enum value. */
export function readName(table: BfbsTable, id: number, where: string): string {
  return checked(table, id, where, IDENTIFIER, 'letters, digits and _');
}

/** Name of a type, with its namespace. */
export function readTypeName(table: BfbsTable, id: number, where: string): string {
  const name = checked(table, id, where, QUALIFIED, 'letters, digits and _, with dots between');
  const parts = name.split('.').length;
  if (parts > SCHEMA_BOUNDS.nameParts) {
    throw schemaTooLarge(where, 'namespaces in a name', parts, SCHEMA_BOUNDS.nameParts);
  }
  return name;
}

/** Name of the file that declares a type; empty when it is unknown. */
export function readFile(table: BfbsTable, id: number, where: string): string {
  // Thousands of types may share one text.
  const bytes = table.textBytes(id);
  if (bytes <= SCHEMA_BOUNDS.fileBytes) return table.text(id);
  throw schemaTooLarge(where, 'bytes in the name of a file', bytes, SCHEMA_BOUNDS.fileBytes);
}

function checked(table: BfbsTable, id: number, where: string, pattern: RegExp, expected: string): string {
  // Before it is decoded: a name of megabytes would also be quoted in the message.
  const bytes = table.textBytes(id);
  if (bytes > SCHEMA_BOUNDS.nameBytes)
    throw schemaTooLarge(where, 'bytes in a name', bytes, SCHEMA_BOUNDS.nameBytes);
  const name = table.text(id);
  if (!pattern.test(name))
    throw invalidSchema(where, { what: 'no name', expected, got: JSON.stringify(name) });
  return name;
}

/** Finds types by what a schema calls them. */
export class TypeNames {
  readonly #indices: ReadonlyMap<string, number>;
  /** Types by their names without a namespace; undefined where several have it. */
  readonly #unqualified = new Map<string, number | undefined>();

  constructor(names: readonly string[]) {
    this.#indices = new Map(names.map((name, index) => [name, index]));
    names.forEach((name, index) => {
      const short = name.slice(name.lastIndexOf('.') + 1);
      this.#unqualified.set(short, this.#unqualified.has(short) ? undefined : index);
    });
  }

  /** By the full name. */
  indexOf(name: string): number | undefined {
    return this.#indices.get(name);
  }

  /**
   * What `name` means within the type `within`, as flatc resolves it: in its own namespace, then in those around it,
   * outwards. Used before the type is declared, a name without a namespace also finds it in any other one.
   */
  resolve(name: string, within: string): number | undefined {
    const namespace = within.split('.').slice(0, -1);
    for (let depth = namespace.length; depth >= 0; depth--) {
      const index = this.#indices.get([...namespace.slice(0, depth), name].join('.'));
      if (index !== undefined) return index;
    }
    return this.#unqualified.get(name);
  }
}
