import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Flatc, FlatcResult } from './flatc.js';
import type { SourceTree } from './source-tree.js';

const COMMAND = 'flatc';
/** For one run. ms. */
const TIMEOUT_MS = 60_000;
/** Of what it says. Bytes. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** flatc as a program of its own. */
export class FlatcProcess implements Flatc {
  /** Undefined when there is none on the PATH. */
  static async find(): Promise<FlatcProcess | undefined> {
    const { code } = await execute(['--version']);
    return code === 0 ? new FlatcProcess() : undefined;
  }

  /** On a copy of the sources, so that it sees what was read and nothing else. */
  async run(args: readonly string[], { entry, files, includeDirs }: SourceTree): Promise<FlatcResult> {
    const directory = await mkdtemp(join(tmpdir(), 'modwire-flatc-'));
    try {
      const tree = join(directory, 'tree');
      const out = join(directory, 'out');
      for (const [path, text] of files) {
        await mkdir(dirname(join(tree, path)), { recursive: true });
        await writeFile(join(tree, path), text);
      }
      await mkdir(out);
      const includes = includeDirs.flatMap((dir) => ['-I', join(tree, dir)]);
      // flatc appends names to this path as they are.
      const { code, output } = await execute([...args, ...includes, '-o', `${out}/`, join(tree, entry)]);
      const written = code === 0 ? await readFiles(out) : new Map<string, Uint8Array>();
      return { code, output: output.replaceAll(tree, ''), files: written };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function execute(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true };
    execFile(COMMAND, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      const failure = error !== null && typeof error.code !== 'number' ? `error: ${error.message}\n` : '';
      resolve({ code, output: `${failure}${stderr}\n${stdout}` });
    });
  });
}

async function readFiles(directory: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(directory, path).replaceAll('\\', '/'), await readFile(path));
  }
  return files;
}
