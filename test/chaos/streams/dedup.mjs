// npm run soak:dedup: publishes messages of which every tenth has the id of an earlier one, over the death of the broker halfway. Each has
// to be stored once, and a repeated one acknowledged with the place of the first. Ends with 1 when it is not so.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from 'modwire';
import { message, program } from '../processes.mjs';
import { randomFrom } from '../random.mjs';
import { idOf, STREAM } from './messages.mjs';
import { visitRecords } from './stored-records.mjs';

const USAGE = 'npm run soak:dedup -- [--messages N] [--seed N] [--json]';
const IN_FLIGHT = 1_000;
const SUBJECTS = 16;
const REPEATED = 0.1;
/** Longer than any run takes. */
const DEDUP_MS = 3_600_000;
/** What leaves open whether a message is stored. */
const UNKNOWN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'];

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [messages, seed] = [Number(values.messages), Number(values.seed)];
if (values.help || !Number.isInteger(messages) || messages < 1 || !Number.isInteger(seed)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const random = randomFrom(seed);
const dataDir = mkdtempSync(join(tmpdir(), 'modwire-dedup-'));
const stream = { name: STREAM, filters: ['soak.>'], dedupMs: DEDUP_MS };
const faults = [];
/** Of each message by its number, the sequence that the first of its id was acknowledged with. */
const sequences = new Uint32Array(messages);
let distinct = 0;
let made = 0;
let repeated = 0;
let port = 0;
let broker;
let dying;
try {
  const url = await startBroker();
  const client = await connect(url, { name: 'dedup', maxReconnectMs: 100 });
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, messages) }, () => publishInTurn(client)));
  await dying;
  await client.close();
  await kill();
  await look();
  tell();
} finally {
  broker?.kill('SIGKILL');
  rmSync(dataDir, { recursive: true });
}

async function startBroker() {
  broker = program(import.meta.url, 'broker.mjs', JSON.stringify({ port, dataDir }), JSON.stringify(stream));
  const { url } = await message(broker, 'url');
  port = Number(new URL(url).port);
  return url;
}

async function kill() {
  const gone = once(broker, 'exit');
  broker.kill('SIGKILL');
  await gone;
}

async function publishInTurn(client) {
  while (made < messages) {
    if (++made === Math.ceil(messages / 2)) dying = kill().then(startBroker);
    const earlier = Math.floor(random() * distinct);
    if (random() < REPEATED && sequences[earlier] > 0) {
      repeated++;
      const sequence = await publish(client, earlier);
      if (sequence !== sequences[earlier]) {
        fault(`message ${earlier} has sequence ${sequences[earlier]}, and when repeated ${sequence}`);
      }
    } else {
      const number = distinct++;
      sequences[number] = await publish(client, number);
    }
  }
}

async function publish(client, number) {
  for (;;) {
    try {
      const options = { ack: true, id: idOf(0, 0, number) };
      return (await client.publish(`soak.${number % SUBJECTS}`, number, options)).sequence;
    } catch ({ code, message }) {
      // Two lanes may repeat the same one at once.
      if (code === 'ALREADY_EXISTS') await new Promise((resolve) => setTimeout(resolve, 1));
      else if (!UNKNOWN.includes(code)) throw new Error(`message ${number} was refused: ${code} ${message}`);
    }
  }
}

async function look() {
  const seen = new Uint8Array(distinct);
  await visitRecords(dataDir, 1, (frame, offset) => {
    const number = frame.json();
    if (seen[number]++ > 0) fault(`message ${number} is stored twice, offset ${offset}`);
    if (frame.sequence !== sequences[number]) {
      fault(
        `message ${number} has sequence ${frame.sequence}, and was acknowledged with ${sequences[number]}`,
      );
    }
  });
  const missing = seen.indexOf(0);
  if (missing >= 0) fault(`message ${missing} is not there`);
}

function fault(text) {
  if (faults.length < 20) faults.push(text);
}

function tell() {
  if (values.json) console.log(JSON.stringify({ seed, messages, distinct, repeated, faults }));
  else {
    console.log(
      [
        `${messages} messages, ${repeated} of them repeated: ${distinct} stored; seed ${seed}`,
        ...faults.map((text) => `FAULT: ${text}`),
      ].join('\n'),
    );
  }
  process.exitCode = faults.length > 0 ? 1 : 0;
}
