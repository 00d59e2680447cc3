import { randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Registry } from '../../src/registry/registry.js';
import { bfbsOf } from '../support/flatc.js';
import { type RegistryStep, startRegistry, takeStep } from '../support/registry-child.js';
import { contentsOf, openRegistry, temporaryDirectory } from '../support/registry-fixture.js';

/** Kills in one run; more with MODWIRE_CRASH_CYCLES=1000. */
const CYCLES = Number(process.env.MODWIRE_CRASH_CYCLES ?? 10);
const REGISTRATIONS = 200;
const CONTRACTS = 20;

let steps: RegistryStep[];

beforeAll(async () => {
  steps = [];
  for (let index = 0; index < REGISTRATIONS; index++) {
    const number = Math.floor(index / CONTRACTS);
    const fields = Array.from({ length: number + 1 }, (_, id) => `field_${id}:int;`).join(' ');
    const contract = `contract-${index % CONTRACTS}`;
    const bfbs = await bfbsOf(`namespace n${index % CONTRACTS}; table T { ${fields} } root_type T;`);
    steps.push({ method: 'register', args: [{ contract, bfbs: Buffer.from(bfbs).toString('base64') }] });
    // What comes after makes what came before obsolete, so that the journal is compacted in between.
    steps.push({
      method: 'bind',
      args: [{ pattern: `subject.${index % 3}`, use: 'message', contract, replace: true }],
    });
    if (index % 5 === 4) {
      steps.push({ method: 'deleteVersion', args: [contract, number + 1] });
      steps.push({ method: 'restoreVersion', args: [contract, number + 1] });
    }
  }
});

/** All that is registered, but for when. */
function timeless(registry: Registry): unknown {
  return JSON.parse(
    JSON.stringify(contentsOf(registry), (key, value) => (key === 'registeredAt' ? 0 : value)),
  );
}

/** Has a process do the steps from `from` on, and kills it. Resolves with how many it has acknowledged. */
async function doUntilKilled(directory: string, from: number): Promise<number> {
  const child = startRegistry({ directory, maxDeadRecords: 5 });
  const killAfter = randomInt(0, 80);
  let acknowledged = 0;
  const opened = await child.next();
  expect(opened).toHaveProperty('open');
  child.tell(steps.slice(from));
  let isKilled: Promise<void> | undefined;
  for (;;) {
    if (isKilled === undefined && acknowledged >= killAfter) {
      // Anywhere within the next change, too.
      isKilled = sleep(randomInt(0, 4)).then(() => child.kill());
    }
    const answer = await child.next();
    if (answer === undefined) break;
    if ('contracts' in answer) await child.kill();
    else expect(answer).toEqual({ done: acknowledged++ });
  }
  await isKilled;
  return acknowledged;
}

describe('a registry whose process is killed', () => {
  it(`loses nothing that it has acknowledged, ${CYCLES} times`, {
    timeout: 60_000 + CYCLES * 3_000,
  }, async () => {
    let directory = await temporaryDirectory();
    let model = await openRegistry();
    let taken = 0;
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const acknowledged = await doUntilKilled(directory, taken);
      const reopened = await openRegistry(directory);
      const found = timeless(reopened);
      const until = taken + acknowledged;
      for (; taken < until; taken++) await takeStep(model, steps[taken]!);
      // The one that was under way may have come to be, and nobody was told.
      if (taken < steps.length && JSON.stringify(found) !== JSON.stringify(timeless(model))) {
        await takeStep(model, steps[taken++]!);
      }
      expect(found).toEqual(timeless(model));
      await reopened.close();
      expect(await readdir(directory)).toEqual(['contracts.journal', 'schemas']);
      const schemas = await readdir(join(directory, 'schemas'));
      expect(schemas.filter((name) => !name.endsWith('.bfbs'))).toEqual([]);
      if (taken < steps.length) continue;
      directory = await temporaryDirectory();
      model = await openRegistry();
      taken = 0;
    }
  });
});
