import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The root of this package, where `import 'modwire'` leads to what `npm run build` has made. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface BrowserBundle {
  readonly code: string;
  /** Minified size. Bytes. */
  readonly byteLength: number;
  /** Every module that was read, as a path relative to where the imports were resolved. */
  readonly inputs: readonly string[];
  /** Those of them that something is left of. */
  readonly kept: readonly string[];
  /** Modules that the bundle does not have and asks its surroundings for. */
  readonly missing: readonly string[];
}

/**
 * Bundles a program as an application's author would for a page: no plugins, no shims, nothing left out. Rejects when
 * an import cannot be had in a browser. `folder` is where imports are resolved from.
 */
export async function bundleForBrowser(program: string, folder = PACKAGE_ROOT): Promise<BrowserBundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: folder, loader: 'ts' },
    absWorkingDir: folder,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
    // Without it the paths of a tsconfig.json on the way would lead around the package's exports.
    tsconfigRaw: {},
  });
  const [bundle] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  const { imports, inputs } = output!;
  return {
    code: bundle!.text,
    byteLength: bundle!.contents.byteLength,
    inputs: Object.keys(metafile.inputs),
    kept: Object.keys(inputs).filter((path) => inputs[path]!.bytesInOutput > 0),
    missing: imports.filter((one) => one.external).map((one) => one.path),
  };
}
