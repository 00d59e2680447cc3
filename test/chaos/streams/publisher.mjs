// Publishes to a stream as fast as it is acknowledged, as a process of its own: one message at a time to each of its subjects. What
// becomes of a message is unknown when the connection is lost before its acknowledgement: then it is published again, with the
// same id. Arguments: URL, its number, how long it rests between two messages of a subject (milliseconds). Messages: 'acknowledged',
// answered with how many of each subject are; 'stop', answered when all are.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { idOf, payloadOf, subjectsOf } from './messages.mjs';

const [url, number, restMs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** What leaves open whether a message is stored. */
const UNKNOWN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'];

const client = await connect(url, { name: `publisher-${number}`, maxReconnectMs: 100 });
const subjects = subjectsOf(number);
const acknowledged = subjects.map(() => 0);
const faults = [];
let repeated = 0;
let stopped = false;

async function publish(subject, lane, place) {
  const payload = payloadOf(number, lane, place);
  for (;;) {
    try {
      await client.publish(subject, payload, { ack: true, id: idOf(number, lane, place) });
      return;
    } catch ({ code, message }) {
      if (!UNKNOWN.includes(code)) {
        faults.push(`message ${place} to ${subject} was refused: ${code ?? ''} ${message}`);
        return;
      }
      repeated++;
      // What is published without a connection waits for the next one.
      await delay(1);
    }
  }
}

const lanes = Promise.all(
  subjects.map(async (subject, lane) => {
    for (let place = 1; !stopped && faults.length === 0; place++) {
      await publish(subject, lane, place);
      acknowledged[lane] = place;
      if (restMs > 0) await delay(Math.random() * 2 * restMs);
    }
  }),
);
process.on('message', async (question) => {
  if (question === 'stop') {
    stopped = true;
    await lanes;
  }
  process.send({ report: { acknowledged, repeated, faults } });
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
process.send({ ready: true });
