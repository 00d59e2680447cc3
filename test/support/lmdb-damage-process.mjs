// Damages a stream's file again and again and reads what is left, in a process of its own: LMDB may take it with it.
// In the first argument as JSON: the directory of a whole stream, a seed, how often. It writes what came out as one line of JSON.
import { closeSync, cpSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { kernels } from '../../dist/native/kernels.js';
import { openLmdbStore } from '../../dist/streams/open-lmdb-store.js';

const { directory, seed, times } = JSON.parse(process.argv[2]);
const PAGE = 4096;
const copy = `${directory}.damaged`;
const path = join(copy, 'records.mdb');

// mulberry32
let state = seed >>> 0;
const random = (below) => {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
};

/** Damages the file; returns what was done. */
function damage() {
  const file = openSync(path, 'r+');
  const { size } = fstatSync(file);
  const kind = random(8);
  let done;
  if (kind === 0) {
    done = `cut at ${random(size)}`;
    ftruncateSync(file, Number(done.slice(7)));
  } else if (kind === 1) {
    const page = random(size / PAGE);
    writeSync(file, Buffer.alloc(PAGE), 0, PAGE, page * PAGE);
    done = `page ${page} emptied`;
  } else if (kind === 2) {
    // As a write that was lost leaves it.
    const bytes = Buffer.alloc(PAGE);
    const [from, to] = [random(size / PAGE), random(size / PAGE)];
    readSync(file, bytes, 0, PAGE, from * PAGE);
    writeSync(file, bytes, 0, PAGE, to * PAGE);
    done = `page ${from} over page ${to}`;
  } else {
    // Where the file's structure is, more often than not.
    const within = [
      () => random(size),
      () => random(2) * PAGE + random(200),
      () => random(size / PAGE) * PAGE + random(64),
    ];
    const places = Array.from({ length: 1 + random(3) }, () => within[random(3)]());
    for (const place of places) {
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, place);
      byte[0] ^= 1 << random(8);
      writeSync(file, byte, 0, 1, place);
    }
    done = `bits flipped at ${places}`;
  }
  closeSync(file);
  return done;
}

/** A block whose last four bytes are the CRC-32C of the others, and of where it is. */
function isWhole({ lastOffset, bytes }) {
  const end = bytes.length - 4;
  return (
    end >= 0 &&
    kernels().crc32c(bytes, 0, end, lastOffset) ===
      Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(end)
  );
}

/** All that can be read, and how often damage was named. */
async function readAll() {
  const found = {};
  let named = 0;
  const attempt = (read) => {
    try {
      read();
    } catch (error) {
      if (error.code !== 'DATA_LOSS') throw error;
      named++;
    }
  };
  const store = await openLmdbStore(copy, { sync: 'none', syncMs: 0 }, { checkMs: 60_000 });
  for (let block = store.block(0); block !== undefined; block = store.block(block.lastOffset + 1)) {
    const { lastOffset, bytes } = block;
    if (isWhole(block)) found[`block ${lastOffset}`] = Buffer.from(bytes).toString('hex');
    else named++;
  }
  for (let id = 1; id <= 40; id++) {
    attempt(() => {
      const state = store.subject(`subject.${id}`);
      if (state !== undefined) found[`subject ${id}`] = JSON.stringify(state);
    });
    attempt(() => {
      const mark = store.markFrom(id, 0, 0);
      if (mark !== undefined) found[`mark ${id}`] = JSON.stringify(mark);
    });
  }
  attempt(() => {
    for (const [name, bytes] of store.notes('')) found[`note ${name}`] = Buffer.from(bytes).toString('hex');
  });
  await store.write({ blocks: [{ lastOffset: 2 ** 40, bytes: Buffer.alloc(20_000) }] });
  await store.close();
  return { found, named };
}

const renew = () => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(directory, copy, { recursive: true });
};

renew();
const whole = (await readAll()).found;
const outcome = { things: Object.keys(whole).length, refused: 0, named: 0, harmless: 0, wrong: [] };
for (let time = 0; time < times; time++) {
  renew();
  const done = damage();
  let read;
  try {
    read = await readAll();
  } catch (error) {
    if (error.code === 'DATA_LOSS') outcome.refused++;
    else outcome.wrong.push(`${done}: ${error.stack}`);
    continue;
  }
  const { found, named } = read;
  const differing = Object.keys({ ...whole, ...found }).filter((thing) => found[thing] !== whole[thing]);
  const isExplained = differing.length <= named && differing.every((thing) => found[thing] === undefined);
  if (!isExplained) outcome.wrong.push(`${done}: ${differing}, ${named} named`);
  else if (named > 0) outcome.named++;
  else outcome.harmless++;
}
rmSync(copy, { recursive: true, force: true });
writeSync(1, `${JSON.stringify(outcome)}\n`);
