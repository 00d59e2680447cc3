import { describe, expect, it } from 'vitest';
import { nowMicros } from '../../../src/broker/clock.js';
import type { FrameOrigin } from '../../../src/broker/detours.js';
import type { BrokerGate, BrokerSubject } from '../../../src/broker/session.js';
import { Capture } from '../../../src/broker/streams/capture.js';
import { SubjectGate } from '../../../src/broker/subject-gate.js';
import { FrameVerifier } from '../../../src/codec/frame-verifier.js';
import { ModwireError } from '../../../src/errors.js';
import { DEFAULT_LIMITS } from '../../../src/limits.js';
import { Subject } from '../../../src/routing/subject-registry.js';
import { MemoryStore } from '../../../src/streams/memory-store.js';
import { readStreamConfig } from '../../../src/streams/read-stream-config.js';
import { StreamLog } from '../../../src/streams/stream-log.js';
import type { StoreChange } from '../../../src/streams/stream-store.js';
import { idOf, stampedFrame } from '../../support/stream-frames.js';

/** A store on a disk that fails when told to. */
class FailingStore extends MemoryStore {
  isFailing = false;

  override async write(change: StoreChange): Promise<void> {
    if (this.isFailing) throw new ModwireError('RESOURCE_EXHAUSTED', 'the disk is full');
    return super.write(change);
  }
}

function scene() {
  const store = new FailingStore();
  const config = readStreamConfig({ name: 's', filters: ['s'], storage: 'memory' });
  const capture = new Capture({
    ...{ verifier: new FrameVerifier(), schedule: () => undefined, stored: () => undefined },
  });
  const log = StreamLog.open(config, store, DEFAULT_LIMITS, capture);
  capture.begin(log);
  const subject = new Subject('s', { epoch: 50, sequence: 0 }, 0, undefined) as unknown as BrokerSubject;
  const gate: BrokerGate = new SubjectGate();
  const told: string[] = [];
  const origin: FrameOrigin = {
    ...{
      waits: () => undefined,
      settled: () => undefined,
      accepted: () => undefined,
      duplicate: () => undefined,
    },
    kept: (_, { epoch, sequence }) => told.push(`kept ${epoch}:${sequence}`),
    refused: ({ code }) => told.push(code),
  };
  let ids = 0;
  const restore = (epoch: number, sequence: number, brokerTime = 1_000 + ids, id = ++ids) => {
    const frame = stampedFrame({ subject: 's', position: { epoch, sequence }, brokerTime, id: idOf(id) });
    return capture.restore(origin, subject, gate, frame);
  };
  const place = () => [subject.epoch, subject.sequence, gate.keeping];
  return { store, log, capture, restore, place, told };
}

describe('a record that comes back into a stream', () => {
  it('keeps its place ahead of the count, over gaps and into a later epoch, and takes the next one otherwise', async () => {
    const { log, restore, place, told } = scene();
    // A count in which nothing was published yet does not stand in the way of an earlier one.
    expect(restore(7, 3)).toBe('restored');
    expect(restore(7, 9)).toBe('restored');
    expect(restore(8, 1)).toBe('restored');
    expect(restore(8, 1)).toBe('replayed');
    expect(restore(7, 10)).toBe('replayed');
    expect(restore(0, 0)).toBe('replayed');
    // Those had the time of now: what is older than the newest record would come between others.
    expect(restore(8, 30)).toBe('replayed');
    await log.idle();
    expect(told).toEqual(['7:3', '7:9', '8:1', '8:2', '8:3', '8:4', '8:5'].map((at) => `kept ${at}`));
    expect(place()).toEqual([8, 5, 0]);
  });

  it('does not keep a place or a time that lies ahead of now', async () => {
    const { restore } = scene();
    const later = nowMicros() + 3_600_000_000;
    expect(restore(1, 1, later)).toBe('replayed');
    expect(restore(later, 1)).toBe('replayed');
  });

  it('is there once, by its id or at its place', async () => {
    const { log, restore } = scene();
    restore(7, 1, 1_000, 1);
    expect(restore(7, 1, 1_000, 1)).toBe('duplicate');
    await log.idle();
    log.configure({ ...log.config, dedupMs: 0 });
    expect(restore(7, 1, 1_000, 1)).toBe('duplicate');
    // Another message with the same place.
    expect(restore(7, 1, 1_000, 2)).toBe('replayed');
  });

  it('leaves the count where it was when it cannot be stored', async () => {
    const { store, log, restore, place, told } = scene();
    restore(7, 3);
    await log.idle();
    store.isFailing = true;
    restore(7, 6);
    restore(9, 1);
    restore(7, 1);
    expect(place()).toEqual([9, 2, 3]);
    await log.idle();
    expect(place()).toEqual([7, 3, 0]);
    expect(told).toEqual(['kept 7:3', ...Array(3).fill('RESOURCE_EXHAUSTED')]);
  });
});
