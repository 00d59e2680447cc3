// npm run check: what can be known without running a test. Every check runs, whatever became of those before it; at
// the end stands which ones failed.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}` };

// Nothing is written: not even the record of what was compiled, which belongs to the build.
const types = (project) => `tsc -p ${project} --noEmit --incremental false --tsBuildInfoFile null`;

const colors = process.stdout.isTTY ? 'force' : 'off';

const CHECKS = [
  ['format and lint (npm run format mends most)', `biome ci --colors=${colors} .`],
  // What follows needs what it makes.
  ['types of src, and build', 'npm run --silent build'],
  ['types of bench', types('bench/tsconfig.json')],
  ['types of test', types('test/tsconfig.json')],
  ['types of test/fuzz, as the benchmark builds it', types('test/fuzz/tsconfig.json')],
  ['generated code (npm run codegen mends it)', 'node scripts/codegen.mjs --check'],
  ['table of errors (npm run codegen mends it)', 'node scripts/error-table.mjs --check'],
  ['table of compatibility rules (npm run codegen mends it)', 'node scripts/compatibility-table.mjs --check'],
  ['schema of the configuration (npm run codegen mends it)', 'node scripts/config-schema.mjs --check'],
];

const failed = [];
for (const [title, command] of CHECKS) {
  console.log(`\n== ${title}\n$ ${command}`);
  const [program, ...args] = command.split(' ');
  const { status, signal, error } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
  if (status === 0) continue;
  console.error(`failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
  failed.push(title);
}

if (failed.length === 0) console.log(`\n${CHECKS.length} checks passed`);
else {
  console.error(`\n${failed.length} of ${CHECKS.length} checks failed:`);
  for (const title of failed) console.error(`  ${title}`);
  process.exitCode = 1;
}
