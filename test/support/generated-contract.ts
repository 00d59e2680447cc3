import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFbs } from '../../src/flatc/compile-fbs.js';
import { generateTypeScript } from '../../src/flatc/generate-typescript.js';
import type { TableClass, TableObject } from '../../src/index.js';
import { PACKAGE_ROOT } from './browser-bundle.js';

/** Where generated code finds this package's dependencies. */
const FOLDER = join(PACKAGE_ROOT, 'build/test-generated');

/** A schema as its user has it: compiled, and with the code that flatc generates. */
export interface GeneratedCode {
  /** As `.bfbs`. */
  readonly schema: Uint8Array;
  /** Its classes and enums, by their names without a namespace. */
  readonly classes: Readonly<Record<string, unknown>>;
}

/** Generates code for the text of a schema, and loads it. */
export async function generateCode(text: string): Promise<GeneratedCode> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'schema-'));
  try {
    const path = join(folder, 'schema.fbs');
    writeFileSync(path, text);
    const schema = await compileFbs(path);
    const classes: Record<string, unknown> = {};
    for (const module of await generateTypeScript([path], folder)) {
      Object.assign(classes, await import(/* @vite-ignore */ pathToFileURL(module).href));
    }
    return { schema, classes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface ItemObject extends TableObject {
  sku: string | null;
  count: number;
}

/** What the versions of an order have in common. */
export interface OrderObject extends TableObject {
  id: string | null;
  total: number;
  items: ItemObject[];
}

/** The code of a version of ORDERS. */
export interface OrderCode {
  readonly schema: Uint8Array;
  readonly Order: TableClass<OrderObject>;
  readonly OrderT: new (id?: string | null, total?: number, items?: ItemObject[]) => OrderObject;
  readonly ItemT: new (sku?: string | null, count?: number) => ItemObject;
}

/** Generates the code of a version of ORDERS, or of another schema with such an order. */
export async function generateOrders(text: string): Promise<OrderCode> {
  const { schema, classes } = await generateCode(text);
  return { schema, ...(classes as Omit<OrderCode, 'schema'>) };
}
