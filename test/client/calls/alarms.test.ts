import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Alarms } from '../../../src/client/calls/alarms.js';
import { eventually } from '../../support/broker-eventually.js';

interface Rung {
  readonly atMs: number;
  readonly nowMs: number;
}

function alarmAt(alarms: Alarms, atMs: number, rung: Rung[]) {
  const alarm = { wheelIndex: -1, due: (nowMs: number) => void rung.push({ atMs, nowMs }) };
  alarms.set(alarm, atMs);
  return alarm;
}

test('every alarm that is not cleared rings once, and none before its time', async () => {
  const plan = fc.array(fc.record({ inMs: fc.integer({ min: -5, max: 60 }), clear: fc.boolean() }));
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const alarms = new Alarms();
      const rung: Rung[] = [];
      const startMs = performance.now();
      const set = planned.map(({ inMs }) => alarmAt(alarms, startMs + inMs, rung));
      planned.forEach(({ clear }, index) => {
        if (clear) alarms.clear(set[index]!);
      });
      const expected = planned.filter(({ clear }) => !clear).map(({ inMs }) => startMs + inMs);
      expect(alarms.size).toBe(expected.length);
      await eventually('all alarms', () => alarms.size === 0);
      const byTime = (one: number, other: number) => one - other;
      expect(rung.map(({ atMs }) => atMs).sort(byTime)).toEqual(expected.sort(byTime));
      expect(rung.every(({ atMs, nowMs }) => nowMs >= atMs)).toBe(true);
      alarms.close();
    }),
    { numRuns: 20 },
  );
});

test('an alarm may set the next one', async () => {
  const alarms = new Alarms();
  let rings = 0;
  const alarm = {
    wheelIndex: -1,
    due(nowMs: number) {
      if (++rings < 5) alarms.set(alarm, nowMs + 2);
    },
  };
  alarms.set(alarm, performance.now() + 1_000_000);
  alarms.clear(alarm);
  alarms.set(alarm, performance.now() + 2);
  await eventually('all rings', () => rings === 5);
  expect(alarms.size).toBe(0);
  alarms.close();
});

test('nothing rings after the close', async () => {
  const alarms = new Alarms();
  const rung: Rung[] = [];
  alarmAt(alarms, performance.now() + 5, rung);
  alarms.close();
  await delay(20);
  expect(rung).toEqual([]);
});
