// Writes docs/errors.md from src/errors.ts (built). With --check it writes nothing and fails when the file differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const { ERRORS } = await import(new URL('dist/errors.js', root));
const source = readFileSync(new URL('src/errors.ts', root), 'utf8');

const rows = Object.entries(ERRORS).map(([code, row]) => {
  const about = new RegExp(`/\\*\\* ([^*]+) \\*/\\s+${code}: row`).exec(source)?.[1];
  if (about === undefined) throw new Error(`${code} has no comment in src/errors.ts`);
  const yesNo = (value) => (value ? 'yes' : 'no');
  return `| ${code} | ${row.number} | ${row.category} | ${yesNo(row.retryable)} | ${yesNo(row.mayHaveStarted)} | ${row.httpStatus} | ${row.exitCode} | ${about} |`;
});
const wanted = `# Errors

Everything that Modwire refuses or fails at has one of these codes, in the SDK (\`ModwireError.code\`), on the wire (number), over
HTTP (status) and from the command line (exit code). The table is closed: it is \`src/errors.ts\`, and this page is generated
from it. "May have started" says whether the work may have been done although the error came; where it says no, trying
again cannot do it twice. An error that ends a request may know better than its code: [calls.md](calls.md#what-is-promised).

| code | number | at fault | retryable | may have started | HTTP | exit code | meaning |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;

const path = new URL('docs/errors.md', root);
if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(path, 'utf8');
  } catch {
    // Reported below.
  }
  if (present !== wanted) {
    console.error(
      'docs/errors.md is not what src/errors.ts generates; run npm run codegen and commit the result',
    );
    process.exit(1);
  }
} else {
  writeFileSync(path, wanted);
  console.log(fileURLToPath(path).split('/').slice(-2).join('/'));
}
