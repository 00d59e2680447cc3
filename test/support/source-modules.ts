import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One source file, with whatever it imports as written: relative paths resolved to files, others left as names. */
export interface SourceModule {
  /** From the project's root, with slashes: `src/codec/batch.ts`. */
  readonly path: string;
  readonly lines: number;
  /** Files of the project, as paths from its root. */
  readonly files: readonly string[];
  /** Packages, built-in modules (`node:fs`) and `#` names. */
  readonly packages: readonly string[];
}

// `from '…'` of imports and re-exports, `import '…'` for its effects, and `import('…')`.
// In the text of generated code, where names have `${`, it is none.
// The space tells them from a member of that name, in quotes.
const IMPORT = /(?:\b(?:from|import)\s+|\bimport\s*\(\s*)'([^'$]+)'/g;

/** Every TypeScript file under a folder of the project. */
export function sourceModules(folder: string): SourceModule[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => sourceModule(join(folder, file)));
}

function sourceModule(path: string): SourceModule {
  const text = readFileSync(join(root, path), 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const names = [...code.matchAll(IMPORT)].map((match) => match[1]!);
  const resolve = (name: string) => unix(join(dirname(path), name.replace(/\.js$/, '.ts')));
  return {
    path: unix(path),
    lines: text.trimEnd().split('\n').length,
    files: names.filter((name) => name.startsWith('.')).map(resolve),
    packages: names.filter((name) => !name.startsWith('.')),
  };
}

function unix(path: string): string {
  return relative('.', path).split(sep).join('/');
}

/** The first circle of imports, each file importing the next; undefined when there is none. */
export function findCycle(modules: readonly SourceModule[]): string[] | undefined {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    const seen = trail.indexOf(path);
    if (seen >= 0) return [...trail.slice(seen), path];
    if (done.has(path)) return undefined;
    trail.push(path);
    for (const file of byPath.get(path)?.files ?? []) {
      const cycle = visit(file);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    done.add(path);
    return undefined;
  };
  for (const { path } of modules) {
    const cycle = visit(path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
