import type { Client } from '../../client/client.js';
import { connect } from '../../client/connect.js';
import type { Counter } from '../figures.js';

/** Connects a client whose gaps and failures are counted; `stageOf` says to which stage a subject belongs. */
export async function connectCounted(
  url: string,
  name: string,
  counter: Counter,
  stageOf: (subject: string) => string,
): Promise<Client> {
  const client = await connect(url, { name });
  client.on('gap', ({ subject, first, last, reason }) => {
    // Without an end nobody knows how many; at least one it was.
    counter.gap(stageOf(subject), last === 0 ? 1 : last - first + 1);
    counter.problem(`gap in ${subject}: ${first} to ${last === 0 ? 'an unknown end' : last} (${reason})`);
  });
  client.on('error', (error) => counter.problem(`${error.code}: ${error.message}`));
  client.on('disconnect', ({ code, detail }) => {
    counter.problem(`${name} lost its connection: ${detail || `close code ${code}`}`);
  });
  return client;
}
