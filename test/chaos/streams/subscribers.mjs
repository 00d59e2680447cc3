// Subscribers, each with a connection and a filter of its own, as one process. They hold every frame and every gap against the
// count of its subject. Arguments: URLs, one of which each takes in turn, as JSON; number of the first; how many. Messages: how far
// each subject is, when no more comes; answered when they are as far, or do not get further.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { matchesFilter } from '../../../dist/codec/subject.js';
import { FILTER, subjectsOf } from './messages.mjs';

const [urls, first, count] = process.argv.slice(2).map((text) => JSON.parse(text));
const PATIENCE_MS = 20_000;
const MAX_FAULTS = 20;
const WIDE = ['soak.own.0.*', 'soak.own.1.*', 'soak.own.*.3', 'soak.shared.*', 'soak.shared.>'];
const SUBJECTS = [...new Set([...subjectsOf(0), ...subjectsOf(1)])];

class Subscriber {
  filter;
  /** The last position of each subject that is accounted for. */
  places = new Map();
  frames = 0;
  missed = 0;
  reconnects = 0;
  slow = 0;
  faults = [];

  constructor(number) {
    // One of twenty takes all, five take several subjects, the others one.
    const kind = number % 20;
    if (kind === 0) this.filter = FILTER;
    else this.filter = kind <= WIDE.length ? WIDE[kind - 1] : SUBJECTS[number % SUBJECTS.length];
  }

  async start(url, name) {
    const client = await connect(url, { name, maxReconnectMs: 500 });
    client.on('reconnect', () => this.reconnects++);
    client.on('slow', () => this.slow++);
    client.on('error', ({ message }) => this.#fault(message));
    client.on('gap', ({ subject, epoch, first, last, reason }) => {
      if (last === 0) this.#fault(`${subject}: a gap of nobody knows what (${reason})`);
      else this.missed += last - first + 1;
      this.#account(subject, epoch, first, last);
    });
    await client.subscribe(this.filter, ({ subject, epoch, sequence }) => {
      this.frames++;
      if (!matchesFilter(this.filter, subject)) this.#fault(`${subject} is not for ${this.filter}`);
      this.#account(subject, epoch, sequence, sequence);
    });
  }

  /** Subjects with how far they are and ought to be. */
  behind(sequences) {
    return Object.entries(sequences)
      .filter(([subject]) => matchesFilter(this.filter, subject))
      .map(([subject, sequence]) => [subject, this.places.get(subject)?.sequence ?? 0, sequence])
      .filter(([, is, ought]) => is !== ought);
  }

  #account(subject, epoch, from, to) {
    const place = this.places.get(subject) ?? { epoch, sequence: 0 };
    if (epoch !== place.epoch || from !== place.sequence + 1) {
      this.#fault(`${subject}: ${epoch}:${from}..${to} after ${place.epoch}:${place.sequence}`);
    }
    this.places.set(subject, { epoch, sequence: to });
  }

  #fault(text) {
    if (this.faults.length < MAX_FAULTS) this.faults.push(`${this.filter}: ${text}`);
  }
}

const subscribers = Array.from({ length: count }, (_, index) => new Subscriber(first + index));
await Promise.all(
  subscribers.map((one, index) =>
    one.start(urls[(first + index) % urls.length], `subscriber-${first + index}`),
  ),
);
process.on('message', async ({ sequences }) => {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until && subscribers.some((one) => one.behind(sequences).length > 0)) {
    await delay(50);
  }
  const sum = (what) => subscribers.reduce((total, one) => total + one[what], 0);
  const faults = subscribers.flatMap((one) => [
    ...one.faults,
    ...one
      .behind(sequences)
      .map(([subject, is, ought]) => `${one.filter}: ${subject} is at ${is} and not ${ought}`),
  ]);
  const [frames, missed, reconnects, slow] = ['frames', 'missed', 'reconnects', 'slow'].map(sum);
  process.send({ account: { frames, missed, reconnects, slow, faults: faults.slice(0, MAX_FAULTS) } });
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
process.send({ ready: true });
