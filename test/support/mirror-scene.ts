import { expect } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import type { MirrorReportJson } from '../../src/broker/mirrors/mirror-report.js';
import type { Limits } from '../../src/limits.js';
import { eventually } from './broker-eventually.js';
import type { BrokerFixture, TransportName } from './broker-fixture.js';
import { ask } from './broker-http.js';

export const REPORT = '/v1/experiments/shadowing/report';

/** All requests go to version 1, and `percent` of them are copied to version 2. */
export function shadowing(percent: number, candidateWeight = 0) {
  return {
    name: 'shadowing',
    subject: 'models.ranker',
    variants: [
      { name: 'control', version: '^1', weight: 100 - candidateWeight },
      { name: 'shadow', version: '^2', weight: candidateWeight },
    ],
    mirror: { variant: 'shadow', percent },
    default: 'control',
  };
}

export async function put(broker: Broker, experiment: { readonly name: string }): Promise<void> {
  const { status, body } = await ask(broker.port, `/v1/experiments/${experiment.name}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(experiment),
  });
  expect([status, body]).toEqual([expect.toSatisfy((one) => one === 200 || one === 201), expect.anything()]);
}

export async function report(broker: Broker): Promise<MirrorReportJson> {
  return JSON.parse((await ask(broker.port, REPORT)).body) as MirrorReportJson;
}

/** The report when all that was copied has been compared or left out. */
export async function settledReport(broker: Broker): Promise<MirrorReportJson> {
  await eventually('all copies compared', async () => (await report(broker)).pending === 0);
  return report(broker);
}

/** Requests that were to be copied, whatever came of it. */
export function considered({ mirrored, skipped }: MirrorReportJson): number {
  return Object.values(skipped).reduce((sum, count) => sum + count, mirrored);
}

/** A broker with a worker of either version, whose handlers answer, and a caller. */
export async function mirrorScene(
  fixture: BrokerFixture,
  transport: TransportName,
  limits: Partial<Limits> = {},
) {
  const broker = await fixture.broker(transport, { mirrorPercent: 100, mirrorEveryMs: 5, ...limits });
  const [one, two] = [await fixture.client(broker.url), await fixture.client(broker.url)];
  const caller = await fixture.client(broker.url);
  return { broker, one, two, caller };
}
