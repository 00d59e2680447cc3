// Writes the table of rules in docs/compatibility.md from src/contracts/compatibility-rules.ts (built). With --check it
// writes nothing and fails when the table differs.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { COMPATIBILITY_RULES } = await import(new URL('dist/contracts/compatibility-rules.js', root));

const rows = Object.entries(COMPATIBILITY_RULES).map(
  ([id, { change, backward, forward, source, advice }]) =>
    `| \`${id}\` | ${change} | ${backward} | ${forward} | ${source} | ${advice} |`,
);
const table = `| rule | change | backward | forward | source | advice |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;

const path = new URL('docs/compatibility.md', root);
const present = readFileSync(path, 'utf8');
const parts = /^(.*<!-- rules: [^\n]* -->\n)(.*)(<!-- end of rules -->\n.*)$/s.exec(present);
if (parts === null) throw new Error('docs/compatibility.md has no place for the rules');
const wanted = `${parts[1]}\n${table}\n${parts[3]}`;

if (process.argv.includes('--check')) {
  if (present !== wanted) {
    console.error(
      'docs/compatibility.md is not what src/contracts/compatibility-rules.ts generates; run npm run codegen and commit the result',
    );
    process.exit(1);
  }
} else {
  writeFileSync(path, wanted);
  console.log('docs/compatibility.md');
}
