import { expect } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import type { Client, RequestOptions } from '../../src/index.js';
import type { Experiment } from '../../src/routing/experiments/experiment.js';
import { type Answer, ask } from './broker-http.js';

/** Of `models.ranker`, in halves: versions 1 and 2, by the key of requests. */
export const HALVES: Experiment = {
  name: 'ranker',
  subject: 'models.ranker',
  variants: [
    { name: 'control', version: '^1', weight: 50 },
    { name: 'candidate', version: '^2', weight: 50 },
  ],
  assign: { key: 'key', salt: 'ranker' },
  default: 'control',
};

/** Asks a broker about experiments over HTTP. */
export function askExperiments(
  { port }: Pick<Broker, 'port'>,
  method: string,
  name = '',
  body?: unknown,
): Promise<Answer> {
  const path = name === '' ? '/v1/experiments' : `/v1/experiments/${name}`;
  if (body === undefined) return ask(port, path, { method });
  const headers = { 'Content-Type': 'application/json' };
  return ask(port, path, { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** Puts an experiment at a broker, which must take it. */
export async function putExperiment(
  broker: Pick<Broker, 'port'>,
  experiment: Experiment = HALVES,
): Promise<void> {
  const { status, body } = await askExperiments(broker, 'PUT', experiment.name, experiment);
  expect([status, body]).toEqual([expect.toBeOneOf([200, 201]), expect.any(String)]);
}

/** Serves `models.ranker`; replies say which version it was. */
export async function serveVersion(
  client: Client,
  version: string,
  subject = 'models.ranker',
): Promise<void> {
  await client.serve(subject, { version, concurrency: 64 }, (_, { experiment, variant }) => ({
    ...{ version, experiment, variant },
  }));
}

/** Which variant a request met: what its worker saw must be what the reply says, and the worker of its version. */
export async function variantMet(
  client: Client,
  options: RequestOptions = {},
  subject = 'models.ranker',
): Promise<string | undefined> {
  const reply = await client.request(subject, {}, options);
  const { version, experiment, variant } = reply.json() as Record<string, string>;
  expect([reply.experiment, reply.variant]).toEqual([experiment, variant]);
  if (variant !== undefined) expect(version).toBe(variant === 'control' ? '1.0.0' : '2.0.0');
  return variant;
}

/** Keys `user-0`, `user-1` and so on. */
export function userKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user-${index}`);
}
