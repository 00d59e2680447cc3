import { afterEach, describe, expect, it } from 'vitest';
import type { CounterfactualReportJson } from '../../../src/cli/streams/counterfactual-report.js';
import type { CallContext, Client, FrameView, HandlerResult, Payload } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { put } from '../../support/mirror-scene.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere, startHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

describe.each(TRANSPORTS)('modwire streams replay over %s', (transport) => {
  async function scene(kinds: readonly string[], limits: object = {}) {
    const broker = await fixture.broker(transport, limits);
    await broker.streams.create({ name: 'kept', filters: ['kept.>'], kinds, storage: 'memory' });
    const client = await fixture.client(broker.url);
    const command = (...args: readonly string[]) =>
      [['streams', 'replay', 'kept', ...args], { cwd: folder(), env: { MODWIRE_URL: broker.url } }] as const;
    const replay = (...args: readonly string[]) => runHere(...command(...args));
    const start = (...args: readonly string[]) => startHere(...command(...args));
    return { broker, client, replay, start };
  }

  describe('--into', () => {
    async function messages(count: number) {
      const { broker, client, replay, start } = await scene(['message']);
      const frames: FrameView[] = [];
      await client.subscribe('again.>', (frame) => frames.push(frame.copy()));
      for (let n = 1; n <= count; n++) await client.publish(`kept.${n % 2}`, n, { ack: true });
      const numbers = async () => {
        await client.flush();
        return frames.map((frame) => frame.json());
      };
      return { broker, client, replay, start, frames, numbers };
    }

    it('publishes messages again and says how many', async () => {
      const { replay, numbers, frames } = await messages(6);
      const { code, lines, stderr } = await replay('--into', 'again.>', '--from', '2', '--to=5');
      expect([code, stderr]).toEqual([0, '']);
      expect(lines).toEqual([
        expect.stringMatching(/^replayed 4 messages of kept into again\.> in \d+\.\d\d s$/),
      ]);
      expect(await numbers()).toEqual([2, 3, 4, 5]);
      expect(frames[0]!.subject).toBe('again.kept.0');
    });

    it('takes times, filters and speeds, and prints JSON', async () => {
      const { replay, numbers } = await messages(4);
      const flags = [
        '--into',
        'again.x',
        '--from=-1h',
        '--to=2199-01-01',
        '--filter=kept.1',
        '--speed=x1000',
      ];
      const { code, lines, stderr } = await replay(...flags, '--json');
      expect([code, stderr]).toEqual([0, '']);
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        {
          ...{ stream: 'kept', into: 'again.x', published: 2, leftOut: 0, refused: 0, lost: [] },
          ...{ nextOffset: 5, seconds: expect.any(Number) },
        },
      ]);
      expect(await numbers()).toEqual([1, 3]);
    });

    it('goes on past what is lost or refused, and fails with the first', async () => {
      const { broker, client, replay, numbers } = await messages(4);
      await client.publish(`kept.${'x'.repeat(248)}`, 5, { ack: true });
      await client.publish('kept.1', 6, { ack: true });
      await broker.streams.purge('kept', { keep: 4 });
      const { code, lines, stderr } = await replay('--into', 'again.>', '--from', '1');
      expect(lines.slice(1)).toEqual(['  1 message refused', '  lost: offsets 1 to 2']);
      expect(await numbers()).toEqual([3, 4, 6]);
      expect([code, stderr]).toEqual([22, expect.stringContaining('does not have these records any more')]);
      const refused = await replay('--into', 'again.>', '--from', '3');
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('(stream kept, offset 5)')]);
    });

    it('says when it is interrupted where to go on', async () => {
      const { client, start, frames } = await messages(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await client.publish('kept.1', 2, { ack: true });
      const run = start('--into', 'again.x', '--speed', 'x0.001', '--json');
      await eventually('the first message', () => frames.length === 1);
      run.interrupt();
      const { code, stderr, lines } = await run.result();
      expect([code, stderr]).toEqual([20, expect.stringContaining('go on from offset 2')]);
      expect(JSON.parse(lines[0]!)).toMatchObject({ published: 1, nextOffset: 2 });
    });

    it.each([
      [[], 'nobody says where the messages go'],
      [['--into', 'a', '--concurrency', '2'], '--concurrency only goes with --against'],
      [['--into', 'a', '--from', 'yesterday'], '--from is not valid'],
      [['--into', 'a', '--speed', 'fast'], 'not a speed'],
      [['--into', 'a.*'], 'subject'],
      [['--against', '^1', '--into', 'a.>'], 'subject'],
      [['--against', '^1', '--tolerance', 'FP8=1,2'], '--tolerance is not valid'],
      [['--against', '^1', '--tolerance', '-1,2'], '--tolerance'],
      [['--against', '^1', '--tolerance', '1'], '--tolerance is not valid'],
    ])('refuses %j', async (args, text) => {
      const { replay } = await scene(['message']);
      const { code, stderr } = await replay(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
    });
  });

  describe('--against', () => {
    type Handled = HandlerResult<Payload> | Promise<HandlerResult<Payload>>;
    type Handler = (input: number, context: CallContext) => Handled;

    async function versions(count: number, one: Handler, two: Handler, limits: object = {}) {
      const { broker, client, replay, start } = await scene(['request', 'reply'], limits);
      const worker = await fixture.client(broker.url);
      worker.on('error', () => undefined);
      const serve = (server: Client, version: string, handler: Handler) =>
        server.serve('kept.model', { version }, ({ frame }, context) =>
          handler(frame.json() as number, context),
        );
      await serve(worker, '1.0.0', one);
      for (let n = 1; n <= count; n++)
        await client.request('kept.model', n, { key: `k${n}` }).catch(() => undefined);
      await eventually('all recorded', () => broker.streams.get('kept').info.records === 2 * count);
      const candidate = await fixture.client(broker.url);
      candidate.on('error', () => undefined);
      await serve(candidate, '2.0.0', two);
      const report = async (...args: readonly string[]) => {
        const { code, lines } = await replay('--against', '^2', '--json', ...args);
        return { code, report: JSON.parse(lines[0]!) as CounterfactualReportJson };
      };
      return { broker, client, replay, start, report };
    }

    const same: Handler = (n) => ({ score: n / 8, name: 'x' });

    it('finds exactly the field that drifts, and how far', async () => {
      const { replay, report, broker } = await versions(5, same, (n) => ({
        score: n / 8 + (n > 3 ? 0.25 : 0),
        name: 'x',
      }));
      const { code, lines, stderr } = await replay('--against', '^2');
      expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
        ['kept made again with ^2'],
        ['5 compared, 2 with differences; 5 made again'],
        ['recorded', expect.stringMatching(/^p50 \d.* ms$/)],
        ['again', expect.stringMatching(/^p50 \d.* ms$/)],
        ['1 field differs, 4 never did'],
        ['field', 'differing', 'of', 'how', 'max abs', 'max rel', 'first example'],
        ['score', '2', '5', 'value', '0.25', expect.anything(), 'score: 0.5 / 0.75'],
      ]);
      expect([code, stderr]).toEqual([26, expect.stringContaining('differences in 2 of 5 requests')]);
      // What is made again is not recorded: the next time it is the same.
      expect(broker.streams.get('kept').info.records).toBe(10);
      const again = await report();
      expect(again.report).toMatchObject({
        ...{ stream: 'kept', against: '^2', requests: 5, uncompared: 0, nextOffset: 11 },
        differences: {
          requests: 5,
          differing: 2,
          paths: [{ path: 'score', differing: 2, maxAbsolute: 0.25 }],
        },
      });
    });

    it('is 0 where all answers are the same, within what is tolerated', async () => {
      const { report } = await versions(3, same, (n) => ({ score: n / 8 + 0.001, name: 'x' }));
      expect((await report()).code).toBe(26);
      expect((await report('--tolerance', 'FP32=1,0')).code).toBe(26);
      expect((await report('--tolerance', 'JSON=0.01,0')).code).toBe(0);
      expect((await report('--tolerance', '0.01,0')).code).toBe(0);
    });

    it('makes requests that are marked, of the same trace and key, and caused by those that were recorded', async () => {
      const seen: unknown[] = [];
      const told = (context: CallContext) => {
        const { trace, mirrored, replayed } = context;
        const frame = context as unknown as { frame: FrameView };
        const { causationId, assignmentKey } = frame.frame;
        seen.push({
          ...{ trace: Buffer.from(trace.traceId).toString('hex'), mirrored, replayed, assignmentKey },
          cause: causationId && Buffer.from(causationId).toString('hex'),
        });
      };
      const { client, report } = await versions(1, same, (n, context) => {
        told(context);
        return same(n, context);
      });
      const recorded: FrameView[] = [];
      for await (const { frame } of await client.readStream('kept', { to: 'end' })) recorded.push(frame);
      expect((await report()).code).toBe(0);
      const id = Buffer.from(recorded[0]!.id).toString('hex');
      expect(seen).toEqual([{ trace: id, mirrored: true, replayed: true, assignmentKey: 'k1', cause: id }]);
    });

    it('compares how requests ended, and counts who failed then and who fails now', async () => {
      const fail =
        (when: (n: number) => boolean): Handler =>
        (n, context) => {
          if (when(n)) throw new Error('no');
          return same(n, context);
        };
      const { report } = await versions(
        4,
        fail((n) => n <= 2),
        fail((n) => n === 2 || n === 3),
      );
      const { code, report: found } = await report();
      expect(code).toBe(26);
      expect(found.failed).toEqual({ recorded: { INTERNAL: 2 }, again: { INTERNAL: 2 } });
      expect(found.differences).toMatchObject({
        requests: 4,
        differing: 2,
        paths: [{ path: 'outcome', differing: 2 }],
      });
      expect(found.latencyMs.recorded).toMatchObject({ p50: expect.any(Number), max: expect.any(Number) });
    });

    it('compares streams of replies part by part', async () => {
      const stream = (drift: number): Handler =>
        async function* (n) {
          for (let part = 0; part < 3; part++) yield { part, score: n + (part === 1 ? drift : 0) };
        };
      const { client, broker, replay, report } = await versions(0, stream(0), stream(0.5));
      const replies: unknown[] = [];
      for await (const reply of client.requestStream('kept.model', 1, { version: '^1' }))
        replies.push(reply.json());
      expect(replies).toHaveLength(3);
      await eventually('recorded', () => broker.streams.get('kept').info.records >= 4);
      const { report: found } = await report();
      expect(found.differences.paths).toMatchObject([
        { path: 'score', example: { at: 'replies[1]: score' } },
      ]);
      expect((await replay('--against', '^1')).code).toBe(0);
    });

    it('leaves out requests whose end is not recorded, and is NOT_FOUND when there is nothing else', async () => {
      const { report, replay } = await versions(1, same, same);
      const { report: found, code } = await report('--to', '1');
      expect([code, found.skipped]).toEqual([22, { unanswered: 1, copies: 0 }]);
      const nothing = await replay('--against', '^2', '--filter', 'kept.other');
      expect(nothing.code).toBe(22);
      expect(nothing.lines).toEqual([
        'kept made again with ^2',
        '  0 compared, 0 with differences; 0 made again',
      ]);
    });

    it('stops where nobody of that version is there, and says where to go on', async () => {
      const { replay } = await versions(2, same, same);
      const { code, stderr, lines } = await replay('--against', '^7', '--json');
      expect([code, stderr]).toEqual([
        33,
        expect.stringContaining('nobody who serves this subject is in the range'),
      ]);
      expect(JSON.parse(lines[0]!)).toMatchObject({ requests: 0, nextOffset: 1 });
    });

    it('goes to the versions that it names, whatever an experiment says', async () => {
      const experiments: unknown[] = [];
      const { broker, report } = await versions(2, same, (n, context) => {
        experiments.push(context.experiment);
        return same(n, context);
      });
      const onlyOne = {
        ...{ name: 'only-one', subject: 'kept.model', default: 'one' },
        variants: [
          { name: 'one', version: '^1', weight: 100 },
          { name: 'two', version: '^2', weight: 0 },
        ],
      };
      await put(broker, onlyOne);
      expect((await report()).code).toBe(0);
      expect(experiments).toEqual([undefined, undefined]);
    });

    it('says when it is interrupted where to go on, and gives up what is under way', async () => {
      let asked = 0;
      const { start } = await versions(3, same, (n, context) => {
        asked++;
        if (n === 1) return same(n, context);
        return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(undefined)));
      });
      // One at a time: when the second is made, the first has ended.
      const run = start('--against', '^2', '-c', '1', '--json');
      await eventually('the second request', () => asked === 2);
      run.interrupt();
      const { code, lines, stderr } = await run.result();
      expect([code, stderr]).toEqual([20, expect.stringContaining('interrupted')]);
      expect(JSON.parse(lines[0]!)).toMatchObject({ requests: 1, nextOffset: 3, failed: { again: {} } });
    });

    it('makes as many requests at once as it may, and asks where it is told to', async () => {
      let running = 0;
      let most = 0;
      const { client, report } = await versions(12, same, same);
      await client.serve('elsewhere', { version: '2.1.0', concurrency: 64 }, async ({ frame }, context) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return same(frame.json() as number, context);
      });
      const { code, report: found } = await report('--into', 'elsewhere', '-c', '3', '--speed', 'x1000');
      expect([code, found.requests]).toEqual([0, 12]);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(3);
    });
  });
});
