import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { runHere } from '../cli/run-here.js';
import { PACKAGE_ROOT } from './browser-bundle.js';

/** Where generated code finds this package's dependencies. */
const FOLDER = join(PACKAGE_ROOT, 'build/test-generated');

/**
 * What `modwire codegen` makes of the text of a schema of orders, as one module of JavaScript with the schema, `Order`,
 * `OrderT` and `ItemT`, for programs in processes of their own. `name` is the schema's file name, without `.fbs`. It is
 * gone after the test.
 */
export async function orderModule(name: string, text: string): Promise<{ fbs: string; module: string }> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'module-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const fbs = join(folder, `${name}.fbs`);
  writeFileSync(fbs, text);
  const { code, stderr } = await runHere(['codegen', `${name}.fbs`], { cwd: folder });
  if (code !== 0) throw new Error(`modwire codegen: ${stderr}`);
  const module = join(folder, `${name}.mjs`);
  await build({
    stdin: {
      contents: `export * from './${name}.schema.js'; export { ItemT } from './shop/item.js';`,
      resolveDir: join(folder, 'generated'),
    },
    outfile: module,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    // Without it the paths of a tsconfig.json on the way would lead around the package's exports.
    tsconfigRaw: {},
  });
  return { fbs, module };
}
