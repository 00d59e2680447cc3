import { describe, expect, it } from 'vitest';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { errorOf, JSON_BODY } from '../../support/http-calls.js';
import { QUICK_CANARY, RolloutsOverHttp, serveVersion, versionFor } from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();
const NAME = QUICK_CANARY.name;

async function scene(transport: TransportName) {
  const broker = await fixture.broker(transport);
  const put = async (name: string, subject: string) => {
    const variants = [{ name: 'all', weight: 100 }];
    const body = JSON.stringify({ name, subject, variants, default: 'all' });
    const answer = await ask(broker.port, `/v1/experiments/${name}`, {
      ...{ method: 'PUT', headers: JSON_BODY, body },
    });
    return answer.status < 300 ? answer.status : errorOf(answer).slice(0, 2);
  };
  return { broker, rollouts: new RolloutsOverHttp(broker), put };
}

describe.each(TRANSPORTS)('commands to rollouts over %s', (transport) => {
  it('pause, promote and resume: a paused one goes by hand, and each is an event with its reason', async () => {
    const { rollouts } = await scene(transport);
    await rollouts.start();
    expect(await rollouts.command('pause', { reason: 'a look at it' })).toMatchObject({
      ...{ status: 'paused', missing: 'to be resumed' },
    });
    const promoted = await rollouts.command('promote', { from: 'step-1' });
    expect(promoted).toMatchObject({ status: 'paused', weights: { stable: 50, candidate: 50 } });
    // Sent twice it takes one step.
    expect(await rollouts.command('promote', { from: 'step-1' })).toMatchObject({ stage: 'step-2' });
    const resumed = await rollouts.command('resume');
    expect(resumed.history.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`)).toEqual([
      'new > step-1: started',
      'step-1 > step-1 paused: a look at it',
      'step-1 paused > step-2 paused: promoted',
      'step-2 paused > step-2: resumed',
    ]);
  });

  it('need no body, but for the reason of a rollback', async () => {
    const { rollouts } = await scene(transport);
    await rollouts.start();
    expect((await rollouts.ask('POST', `/${NAME}/pause`))[0]).toBe(200);
    expect(await rollouts.refusal('POST', `/${NAME}/rollback`)).toEqual([400, 'INVALID_ARGUMENT']);
    expect(await rollouts.refusal('POST', `/${NAME}/rollback`, { reason: ' ' })).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
    ]);
    expect(await rollouts.refusal('POST', `/${NAME}/promote`, { from: 'step-0' })).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
    ]);
    expect(await rollouts.refusal('POST', `/${NAME}/pause`, { from: 'step-1' })).toEqual([
      ...[400, 'INVALID_ARGUMENT'],
    ]);
    expect((await rollouts.show()).history).toHaveLength(2);
  });

  it('are refused by a rollout that has ended, and by one that is not there', async () => {
    const { rollouts } = await scene(transport);
    await rollouts.start();
    await rollouts.command('rollback', { reason: 'enough' });
    for (const [word, said] of Object.entries({
      promote: {},
      pause: {},
      resume: {},
      rollback: { reason: 'x' },
    })) {
      expect(await rollouts.refusal('POST', `/${NAME}/${word}`, said)).toEqual([412, 'FAILED_PRECONDITION']);
      expect(await rollouts.refusal('POST', `/other/${word}`, said)).toEqual([404, 'NOT_FOUND']);
    }
    const [status, { message }] = await rollouts.ask<{ message: string }>('POST', `/${NAME}/promote`, {});
    expect([status, message]).toEqual([412, expect.stringContaining('rolled-back (enough)')]);
    expect(await rollouts.refusal('GET', '/other')).toEqual([404, 'NOT_FOUND']);
  });

  it('start refuses a wrong plan with its path and rule, and a body that is no JSON', async () => {
    const { broker, rollouts } = await scene(transport);
    const [status, { code, message }] = await rollouts.ask<{ code: string; message: string }>('POST', '', {
      ...QUICK_CANARY,
      steps: [20, 10, 100],
    });
    expect([status, code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(message).toContain('[steps-rise]');
    expect(message).toContain('steps[1]');
    const answer = await ask(broker.port, '/v1/rollouts', { method: 'POST', headers: JSON_BODY, body: '{' });
    expect(errorOf(answer).slice(0, 2)).toEqual([400, 'INVALID_ARGUMENT']);
    expect((await rollouts.ask('GET'))[1]).toEqual({ rollouts: [] });
  });

  it('start refuses subjects of another rollout or experiment, and a name that is in use', async () => {
    const { rollouts, put } = await scene(transport);
    await rollouts.start();
    const start = (more: object) => rollouts.refusal('POST', '', { ...QUICK_CANARY, ...more });
    expect(await start({ subject: 'else.where' })).toEqual([409, 'ALREADY_EXISTS']);
    expect(await start({ name: 'second' })).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await start({ name: 'second', subject: 'models.*' })).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await put('mine', 'models.>')).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await put(NAME, 'else.where')).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await put('mine', 'else.where')).toBe(201);
    expect(await start({ name: 'mine', subject: 'a' })).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await start({ name: 'second', subject: 'else.*' })).toEqual([412, 'FAILED_PRECONDITION']);
    expect((await rollouts.ask<{ rollouts: unknown[] }>('GET'))[1].rollouts).toHaveLength(1);
  });

  it('delete lets requests go where they would without it, once it has ended', async () => {
    const { broker, rollouts, put } = await scene(transport);
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    const caller = await fixture.client(broker.url);
    await rollouts.start();
    expect(await rollouts.refusal('DELETE', `/${NAME}`)).toEqual([412, 'FAILED_PRECONDITION']);
    for (let step = 0; step < 3; step++) await rollouts.command('promote');
    expect(await versionFor(caller, QUICK_CANARY.subject, 'user-1')).toBe('NO_RESPONDERS');
    // One that has ended holds its subjects until then.
    expect(await put('mine', 'models.score')).toEqual([412, 'FAILED_PRECONDITION']);
    expect(await rollouts.ask('DELETE', `/${NAME}`)).toMatchObject([200, { name: NAME, inForce: false }]);
    expect(await versionFor(caller, QUICK_CANARY.subject, 'user-1')).toBe('1.0.0');
    expect(await rollouts.refusal('GET', `/${NAME}`)).toEqual([404, 'NOT_FOUND']);
    expect(await put('mine', 'models.score')).toBe(201);
  });

  it('start takes the place of one that has ended with the same subject, and stays when that is deleted', async () => {
    const { broker, rollouts } = await scene(transport);
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      await serveVersion(await fixture.client(broker.url), version);
    }
    const caller = await fixture.client(broker.url);
    await rollouts.start();
    for (let step = 0; step < 3; step++) await rollouts.command('promote');
    expect(await versionFor(caller, QUICK_CANARY.subject, 'user-1')).toBe('2.0.0');
    const wider = { ...QUICK_CANARY, name: 'wider', subject: 'models.>' };
    expect(await rollouts.refusal('POST', '', wider)).toEqual([412, 'FAILED_PRECONDITION']);
    await rollouts.start({ ...QUICK_CANARY, name: 'third', stable: '^2', candidate: '^3', steps: [100] });
    expect(await versionFor(caller, QUICK_CANARY.subject, 'user-1')).toBe('3.0.0');
    expect((await rollouts.show()).inForce).toBe(false);
    await rollouts.ask('DELETE', `/${NAME}`);
    expect(await versionFor(caller, QUICK_CANARY.subject, 'user-1')).toBe('3.0.0');
  });

  it('have no other paths and methods, and pages of other origins cannot use them', async () => {
    const { broker, rollouts } = await scene(transport);
    expect(await rollouts.refusal('PUT', '', {})).toEqual([405, 'INVALID_ARGUMENT']);
    expect(await rollouts.refusal('POST', `/${NAME}/stop`, {})).toEqual([404, 'NOT_FOUND']);
    expect(await rollouts.refusal('GET', `/${NAME}/pause`)).toEqual([405, 'INVALID_ARGUMENT']);
    const answer = await ask(broker.port, '/v1/rollouts', {
      ...{ method: 'POST', headers: { ...JSON_BODY, Origin: 'https://elsewhere.example' }, body: '{}' },
    });
    expect(errorOf(answer).slice(0, 2)).toEqual([403, 'PERMISSION_DENIED']);
  });
});
