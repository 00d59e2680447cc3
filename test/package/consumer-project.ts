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

/** As strictly as can be, declarations of packages included. */
const STRICT = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

/**
 * Compiles test/package/consumer/PLATFORM.ts inside a project that has the package. Resolves with what the compiler
 * says: nothing when all is well.
 */
export async function compileConsumer(project: string, platform: keyof typeof PLATFORMS): Promise<string> {
  const folder = join(project, platform);
  mkdirSync(folder);
  const source = `${platform}.ts`;
  cpSync(join(PACKAGE_ROOT, 'test/package/consumer', source), join(folder, source));
  return compile(folder, source, { ...STRICT, ...PLATFORMS[platform], noEmit: true });
}

/** Compiles a program for Node.js in a folder of such a project, together with what it imports, into JavaScript beside it. */
export async function compileProgram(folder: string, source: string): Promise<string> {
  return compile(folder, source, { ...STRICT, ...PLATFORMS.nodejs, rootDir: '.' });
}

async function compile(folder: string, source: string, compilerOptions: object): Promise<string> {
  // Modules, not CommonJS, as the package is.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [source] }));
  const compiler = join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc');
  return run(folder, process.execPath, compiler, '-p', 'tsconfig.json');
}
