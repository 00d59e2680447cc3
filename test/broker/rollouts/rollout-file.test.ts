import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startBroker } from '../../../src/broker/index.js';
import { RolloutFile } from '../../../src/broker/rollouts/rollout-file.js';
import { promoteRollout, rollbackRollout } from '../../../src/routing/rollouts/rollout-commands.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import { BLUE_GREEN, CANARY, ROLLING } from '../../support/rollouts.js';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'modwire-rollouts-'));
  folders.push(path);
  return path;
}

const owned = async () => undefined;

const KEPT = [
  { state: promoteRollout(startRollout(CANARY, 0).state, 1).state, inForce: true },
  {
    state: rollbackRollout(startRollout(BLUE_GREEN, 0).state, 'a "quoted"\nreason', 2).state,
    inForce: false,
  },
  { state: startRollout(ROLLING, 3).state, inForce: true },
];

describe('the file of rollouts', () => {
  it('gives back what was written, in the same order, also after it was written again', async () => {
    const directory = folder();
    const file = new RolloutFile(directory, owned);
    expect(await file.read()).toEqual([]);
    await file.write(KEPT.slice(0, 2));
    await file.write(KEPT);
    expect(await new RolloutFile(directory, owned).read()).toEqual(KEPT);
    expect(readdirSync(directory)).toEqual(['rollouts.json']);
  });

  it('is none without a directory', async () => {
    const file = new RolloutFile('', owned);
    await file.write(KEPT);
    expect(await file.read()).toEqual([]);
  });

  it('is not written when the directory is another process’s by now', async () => {
    const directory = folder();
    const file = new RolloutFile(directory, () => Promise.reject(new Error('taken over')));
    await expect(file.write(KEPT)).rejects.toThrow('taken over');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('that cannot be written is an error of the disk', async () => {
    const file = new RolloutFile(join(folder(), 'gone'), owned);
    await expect(file.write(KEPT)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  const entry = (state: unknown) => JSON.stringify({ format: 1, rollouts: [{ inForce: true, state }] });

  it.each([
    ['no JSON', '{"format":1,'],
    ['another format', '{"format":2,"rollouts":[]}'],
    ['a member more', '{"format":1,"rollouts":[],"more":1}'],
    ['no state', entry({})],
    ['a weight that its step does not have', entry({ ...KEPT[0]!.state, weight: 7 })],
    ['a state of a later version', entry({ ...KEPT[0]!.state, format: 9 })],
  ])('that was damaged keeps the broker from starting, and is left as it is: %s', async (_, text) => {
    const directory = folder();
    const path = join(directory, 'rollouts.json');
    writeFileSync(path, text);
    const refused = startBroker({ port: 0, dataDir: directory });
    await expect(refused).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await expect(refused).rejects.toThrow(path);
    // Nothing of it stays open.
    rmSync(path);
    await (await startBroker({ port: 0, dataDir: directory })).close();
  });
});
