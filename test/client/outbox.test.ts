import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxLimits } from '../../src/client/outbox.js';
import type { ClientSocket } from '../../src/client/socket.js';
import { BatchReader, type FrameView, FrameWriter, Kind, Memory, openFrame } from '../../src/codec/index.js';
import { ModwireError } from '../../src/errors.js';

const BATCH_BYTES = 1024;
const UNLIMITED: OutboxLimits = {
  publishWindowBytes: 1e9,
  maxFrameBytes: 1e9,
  maxBatchBytes: 1e9,
};

/** A connection that keeps what it is sent, and is done with it at once. */
class Sent implements ClientSocket {
  readonly messages: Uint8Array[] = [];

  send(bytes: Uint8Array, sent?: () => void): void {
    this.messages.push(bytes.slice());
    sent?.();
  }

  pause(): boolean {
    return true;
  }

  resume(): void {}

  close(): void {}

  terminate(): void {}

  /** Numbers of the frames in each message. */
  get numbers(): number[][] {
    return this.messages.map((bytes) => framesOf(bytes).map(({ publishedAt }) => publishedAt));
  }
}

function framesOf(message: Uint8Array): FrameView[] {
  const batch = new BatchReader();
  batch.reset(new Memory(message));
  const frames: FrameView[] = [];
  while (batch.next()) frames.push(openFrame(message.slice(batch.start, batch.end)));
  expect(batch.violation).toBeUndefined();
  return frames;
}

function outbox(maxPendingBytes = 1e9): { box: Outbox; endTurn: () => void } {
  const turns: Array<() => void> = [];
  const box = new Outbox(new FrameWriter(), BATCH_BYTES, maxPendingBytes, (action) => turns.push(action));
  return {
    box,
    endTurn: () => {
      for (const action of turns.splice(0)) action();
    },
  };
}

/** A frame that carries its number, with a payload of this many bytes. */
function fields(number: number, payloadBytes = 0) {
  return { subject: 'a', id: new Uint8Array(16), publishedAt: number, payload: new Uint8Array(payloadBytes) };
}

type Step =
  | { readonly do: 'add'; readonly payloadBytes: number }
  | { readonly do: 'turn' | 'flush' | 'credit' | 'detach' }
  | { readonly do: 'attach'; readonly windowBytes: number; readonly maxBatchBytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), payloadBytes: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('add' as const), payloadBytes: fc.nat(3000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('turn', 'flush', 'credit', 'detach') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('attach' as const),
      windowBytes: fc.integer({ min: 100, max: 5000 }),
      maxBatchBytes: fc.constantFrom(300, 900, 1e9),
    }),
  },
);

describe('an outbox', () => {
  it('sends every frame once and in order, within window and message size, whatever happens between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { box, endTurn } = outbox();
        const sockets: Sent[] = [];
        let added = 0;
        let limits = UNLIMITED;
        let credited = 0;
        let attached = false;
        const bytesOf = (socket: Sent | undefined) =>
          (socket?.messages ?? []).reduce((sum, { length }) => sum + length, 0);
        for (const one of steps) {
          const socket = sockets.at(-1);
          const before = bytesOf(socket);
          if (one.do === 'add') box.add(fields(++added, one.payloadBytes));
          else if (one.do === 'turn') endTurn();
          else if (one.do === 'flush') box.flush();
          else if (one.do === 'detach') {
            box.detach();
            attached = false;
          } else if (one.do === 'credit' && attached) {
            credited = before;
            box.credit(before);
          } else if (one.do === 'attach') {
            box.detach();
            limits = { ...UNLIMITED, publishWindowBytes: one.windowBytes, maxBatchBytes: one.maxBatchBytes };
            sockets.push(new Sent());
            attached = true;
            credited = 0;
            box.attach(sockets.at(-1)!, limits, 0);
          }
          const latest = sockets.at(-1);
          if (!attached) {
            if (one.do !== 'detach') expect(bytesOf(latest)).toBe(before);
            continue;
          }
          // Each message was sent while less than the window was under way.
          const last = latest!.messages.at(-1);
          if (last !== undefined) {
            expect(bytesOf(latest) - last.length - credited).toBeLessThan(limits.publishWindowBytes);
          }
        }
        const end = new Sent();
        box.detach();
        box.attach(end, UNLIMITED, 0);
        box.flush();
        const all = [...sockets, end].flatMap((socket) => socket.numbers);
        expect(all.flat()).toEqual(Array.from({ length: added }, (_, index) => index + 1));
        expect(box.pendingBytes).toBe(0);
        expect(box.handedBytes).toBe(box.writtenBytes);
      }),
      { numRuns: 300 },
    );
  });

  it('sends what is added in one turn together', () => {
    const { box, endTurn } = outbox();
    const socket = new Sent();
    box.attach(socket, UNLIMITED, 0);
    for (let number = 1; number <= 3; number++) box.add(fields(number));
    expect(socket.messages).toHaveLength(0);
    endTurn();
    box.add(fields(4));
    endTurn();
    expect(socket.numbers).toEqual([[1, 2, 3], [4]]);
  });

  it('sends a full batch before the turn ends, and a frame larger than a batch alone', () => {
    const { box, endTurn } = outbox();
    const socket = new Sent();
    box.attach(socket, UNLIMITED, 0);
    for (let number = 1; number <= 3; number++) box.add(fields(number, 600));
    box.add(fields(4, 5000));
    box.add(fields(5));
    endTurn();
    expect(socket.numbers).toEqual([[1], [2], [3], [4], [5]]);
  });

  it('cuts what it sends to what the broker takes in one message, between frames', () => {
    const { box } = outbox();
    for (let number = 1; number <= 5; number++) box.add(fields(number, 30));
    const socket = new Sent();
    box.attach(socket, { ...UNLIMITED, maxBatchBytes: 350 }, 0);
    box.flush();
    expect(socket.numbers.flat()).toEqual([1, 2, 3, 4, 5]);
    for (const { length } of socket.messages) expect(length).toBeLessThanOrEqual(350);
    expect(socket.messages.length).toBeLessThan(5);
  });

  it('refuses a frame that the broker would refuse, and goes on with the next', () => {
    const { box, endTurn } = outbox();
    const socket = new Sent();
    box.attach(socket, { ...UNLIMITED, maxFrameBytes: 500 }, 0);
    box.add(fields(1));
    for (const payloadBytes of [500, 900, 5000]) {
      expect(() => box.add(fields(2, payloadBytes))).toThrowError(
        expect.objectContaining({
          code: 'RESOURCE_EXHAUSTED',
          message: expect.stringMatching(/maxFrameBytes = 500, got \d+ bytes \(subject a\)/) as string,
        }),
      );
    }
    box.add(fields(3));
    endTurn();
    expect(socket.numbers.flat()).toEqual([1, 3]);
  });

  it('takes no more than maxPendingBytes while nothing is sent', () => {
    const { box } = outbox(10_000);
    const add = () => {
      for (let number = 0; number < 1000; number++) box.add(fields(number, 100));
    };
    expect(add).toThrowError(expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' }));
    expect(box.pendingBytes).toBeLessThan(11_000);
    box.attach(new Sent(), UNLIMITED, 0);
    box.flush();
    expect(box.pendingBytes).toBe(0);
    box.add(fields(1));
  });

  it('takes memory in proportion to what waits, also when it comes in a turn for each frame', () => {
    const { box, endTurn } = outbox();
    const before = process.memoryUsage().arrayBuffers;
    for (let number = 0; number < 20_000; number++) {
      box.add(fields(number));
      endTurn();
    }
    // A buffer for each turn would be more than 20 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * box.pendingBytes);
  });

  it('tells those who wait, and those for whom it has become too late', async () => {
    const { box, endTurn } = outbox();
    const socket = new Sent();
    box.attach(socket, { ...UNLIMITED, publishWindowBytes: 100 }, 0);
    box.add(fields(1));
    box.flush();
    expect(box.open).toBe(false);
    const open = box.untilOpen({});
    box.add(fields(2));
    const handed = box.untilHanded({});
    box.add(fields(3));
    const aborted = new AbortController();
    const cancelled = box.untilOpen({ signal: aborted.signal });
    aborted.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(box.untilHanded({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(box.awaited).toBe(true);
    box.credit(1e6);
    endTurn();
    await handed;
    await open;
    expect(box.awaited).toBe(false);
    box.detach();
    const never = box.untilOpen({});
    box.close(new ModwireError('CANCELLED', 'the end'));
    await expect(never).rejects.toThrow('the end');
  });

  it('gives up waiting when nothing moves for too long, not while it makes progress', async () => {
    const { box, endTurn } = outbox();
    const socket = new Sent();
    box.attach(socket, { ...UNLIMITED, publishWindowBytes: 1 }, 0);
    for (let number = 0; number < 20; number++) box.add(fields(number, 900));
    endTurn();
    let credited = 0;
    const credits = setInterval(() => {
      credited += socket.messages.at(-1)!.length;
      box.credit(credited);
    }, 20);
    try {
      await box.untilHanded({ timeoutMs: 200 });
    } finally {
      clearInterval(credits);
    }
    expect(socket.messages).toHaveLength(20);
  });

  it('leaves answers that were not sent over a connection that is lost to nobody, and all else as it was', () => {
    const { box, endTurn } = outbox();
    const own = new Uint8Array(16).fill(7);
    const kinds = [Kind.message, Kind.reply, Kind.request, Kind.error, Kind.cancel];
    const addAll = (payloadBytes: number) => {
      for (const kind of kinds) box.add({ ...fields(kind, payloadBytes), kind, correlationId: own });
    };
    const first = new Sent();
    box.attach(first, UNLIMITED, 0);
    addAll(0);
    endTurn();
    box.detach();
    // Some in full batches, one in memory of its own, some in the batch that is being filled.
    addAll(300);
    box.add({ ...fields(Kind.reply, 5_000), kind: Kind.reply, correlationId: own });
    addAll(0);
    box.disownAnswers();
    const second = new Sent();
    box.attach(second, UNLIMITED, 0);
    endTurn();
    const answered = ({ messages }: Sent) =>
      messages.flatMap(framesOf).map(({ kind, correlationId }) => [kind, correlationId?.[0]]);
    expect(answered(first)).toEqual(kinds.map((kind) => [kind, 7]));
    const disowned = kinds.map((kind) => [kind, kind === Kind.reply || kind === Kind.error ? 0 : 7]);
    expect(answered(second)).toEqual([...disowned, [Kind.reply, 0], ...disowned]);
  });
});
