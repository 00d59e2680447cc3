import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../support/browser-bundle.js';
import { run } from './command.js';

/** How projects that use the package are set up. Those for browsers know nothing of Node.js. */
const PLATFORMS = {
  nodejs: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib: ['es2022'],
    types: ['node'],
    typeRoots: [join(PACKAGE_ROOT, 'node_modules/@types')],
  },
  browser: { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [] },
} as const;

/**
 * Compiles test/package/consumer/PLATFORM.ts inside a project that has the package, as strictly as can be. Resolves
 * with what the compiler says: nothing when all is well.
 */
export async function compileConsumer(project: string, platform: keyof typeof PLATFORMS): Promise<string> {
  const folder = join(project, platform);
  mkdirSync(folder);
  const source = `${platform}.ts`;
  cpSync(join(PACKAGE_ROOT, 'test/package/consumer', source), join(folder, source));
  // Modules, not CommonJS, as the package is.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    ...PLATFORMS[platform],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [source] }));
  const compiler = join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc');
  return run(folder, process.execPath, compiler, '-p', 'tsconfig.json');
}
