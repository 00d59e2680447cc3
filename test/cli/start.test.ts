import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../dist/', import.meta.url);

/** Imports that are loaded with a built module; `import('…')` is not among them. */
const IMPORT = /^(?:import|export)\b[^'"]*?\bfrom '([^']+)';$|^import '([^']+)';$/gm;

/** Built modules and packages that are loaded before a built module runs, itself included, sorted. */
function loadedWith(start: string): string[] {
  const seen = new Set<string>();
  const visit = (url: URL) => {
    const path = url.href.slice(root.href.length);
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, from, bare] of readFileSync(url, 'utf8').matchAll(IMPORT)) {
      const name = (from ?? bare)!;
      if (name.startsWith('.')) visit(new URL(name, url));
      else seen.add(name);
    }
  };
  visit(new URL(start, root));
  return [...seen].sort();
}

it('starts with the names of commands, and nothing that only some command needs', () => {
  const loaded = loadedWith('cli/main.js');
  const commands = ['command-table', 'contracts', 'experiments', 'rollout', 'streams'];
  expect(loaded.filter((path) => path.startsWith('cli/commands/'))).toEqual(
    commands.map((name) => `cli/commands/${name}.js`),
  );
  expect(loaded.filter((path) => !/^(cli\/|node:)/.test(path))).toEqual([
    'contracts/nearest.js',
    'errors.js',
    'version.js',
  ]);
});

it('sees what a command loads', () => {
  const loaded = loadedWith('cli/commands/pub.js');
  expect(loaded).toEqual(expect.arrayContaining(['cli/commands/pub.js', 'cli/publish-run.js', 'limits.js']));
  expect(loaded).not.toContain('client/connect.js');
});
