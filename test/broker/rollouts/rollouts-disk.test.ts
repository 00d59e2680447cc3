import { describe, expect, it } from 'vitest';
import type { BrokerCall } from '../../../src/broker/calls/worker-group.js';
import type { KeptRollout } from '../../../src/broker/rollouts/rollout-file.js';
import { Rollouts } from '../../../src/broker/rollouts/rollouts.js';
import { ModwireError } from '../../../src/errors.js';
import type { Experiment } from '../../../src/routing/experiments/experiment.js';
import { promoteRollout, rollbackRollout } from '../../../src/routing/rollouts/rollout-commands.js';
import type { RolloutEvent } from '../../../src/routing/rollouts/rollout-state.js';
import { eventually } from '../../support/broker-eventually.js';
import { deferred } from '../../support/deferred.js';
import { CANARY } from '../../support/rollouts.js';

/** Rollouts whose disk is full when it is to be. */
function scene() {
  const disk = { isFull: false, held: Promise.resolve(), kept: [] as readonly KeptRollout[] };
  const inForce = new Map<string, Experiment>();
  const events: RolloutEvent[] = [];
  const rollouts = new Rollouts(
    {
      file: {
        write: async (kept) => {
          await disk.held;
          if (disk.isFull) throw new ModwireError('RESOURCE_EXHAUSTED', 'no room');
          disk.kept = kept;
        },
      },
      sink: {
        apply: (experiment) => inForce.set(experiment.name, experiment),
        withdraw: (name) => inForce.delete(name),
      },
      groups: () => [],
      publish: (event) => events.push(event),
    },
    [],
  );
  const weights = () => inForce.get(CANARY.name)?.variants.map(({ name, weight }) => [name, weight]);
  const keptStatus = () => disk.kept.map(({ state }) => `${state.status} ${state.weight}`);
  return { disk, rollouts, events, weights, keptStatus };
}

const promote = (state: Parameters<typeof promoteRollout>[0], nowMs: number) => promoteRollout(state, nowMs);

/** What is looked at of a call that no worker had. */
const ofCandidate = {
  assignment: {
    experiment: { name: CANARY.name, variants: [{ name: 'stable' }, { name: 'candidate' }] },
    variant: 1,
  },
  ...{ worker: undefined, begunAt: 0 },
} as unknown as BrokerCall;

describe('rollouts on a disk that is full', () => {
  it('do not begin', async () => {
    const { disk, rollouts, events, weights } = scene();
    disk.isFull = true;
    await expect(rollouts.start(CANARY)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect([rollouts.list(), events, weights()]).toEqual([[], [], undefined]);
    disk.isFull = false;
    await rollouts.start(CANARY);
    expect(weights()).toEqual([
      ['stable', 95],
      ['candidate', 5],
    ]);
  });

  it('take no step, nor are they deleted', async () => {
    const { disk, rollouts, events, keptStatus } = scene();
    await rollouts.start(CANARY);
    disk.isFull = true;
    await expect(rollouts.command(CANARY.name, promote)).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    expect(rollouts.show(CANARY.name).weights.candidate).toBe(5);
    expect(events).toHaveLength(1);
    disk.isFull = false;
    await rollouts.command(CANARY.name, (state, nowMs) => rollbackRollout(state, 'enough', nowMs));
    disk.isFull = true;
    await expect(rollouts.delete(CANARY.name)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect([rollouts.list().length, keptStatus()]).toEqual([1, ['rolled-back 0']]);
  });

  it('are taken back all the same, which is written as soon as there is room, and said until then', async () => {
    const { disk, rollouts, weights, keptStatus } = scene();
    await rollouts.start(CANARY);
    disk.isFull = true;
    const back = rollouts.command(CANARY.name, (state, nowMs) => rollbackRollout(state, 'drifts', nowMs));
    await expect(back).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(weights()).toEqual([['stable', 100]]);
    expect(rollouts.show(CANARY.name)).toMatchObject({ status: 'rolled-back', unsaved: expect.any(String) });
    expect(keptStatus()).toEqual(['running 5']);
    disk.isFull = false;
    await eventually('the disk', () => {
      rollouts.sweep();
      return keptStatus()[0] === 'rolled-back 0';
    });
    expect(rollouts.show(CANARY.name).unsaved).toBeNull();
  });
});

describe('rollouts on a disk that is slow', () => {
  it('take two steps that are asked for at once one after the other', async () => {
    const { rollouts, events } = scene();
    await rollouts.start(CANARY);
    await Promise.all([rollouts.command(CANARY.name, promote), rollouts.command(CANARY.name, promote)]);
    expect(events.map(({ to }) => to)).toEqual(['step-1', 'step-2', 'step-3']);
  });

  it('have a step on disk before it is in force', async () => {
    const { disk, rollouts, weights } = scene();
    await rollouts.start(CANARY);
    const held = deferred();
    disk.held = held.promise;
    const promoted = rollouts.command(CANARY.name, promote);
    await new Promise((resolve) => setImmediate(resolve));
    expect(weights()?.[1]).toEqual(['candidate', 5]);
    held.resolve();
    await promoted;
    expect(weights()?.[1]).toEqual(['candidate', 25]);
  });

  it('are taken back by a gate while a step is on its way there, which then does not come', async () => {
    const { disk, rollouts, events, keptStatus, weights } = scene();
    await rollouts.start(CANARY);
    const held = deferred();
    disk.held = held.promise;
    const promoted = rollouts.command(CANARY.name, promote);
    for (let call = 0; call < 2; call++) rollouts.ended(ofCandidate, 'INTERNAL', performance.now());
    await eventually('the rollback', () => {
      rollouts.sweep();
      return weights()?.length === 1;
    });
    held.resolve();
    await expect(promoted).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(events.map(({ to, by }) => `${to} by ${by}`)).toEqual(['step-1 by start', 'rolled-back by gate']);
    await eventually('the disk', () => {
      rollouts.sweep();
      return keptStatus()[0] === 'rolled-back 0';
    });
    expect(weights()).toEqual([['stable', 100]]);
  });

  it('take nothing more once they are closed, which waits for what was asked for', async () => {
    const { rollouts, keptStatus } = scene();
    const started = rollouts.start(CANARY);
    await rollouts.close();
    expect(keptStatus()).toEqual(['running 5']);
    await started;
    await expect(rollouts.command(CANARY.name, promote)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });
});
