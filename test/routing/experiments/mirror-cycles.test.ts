import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Experiment, Variant } from '../../../src/routing/experiments/experiment.js';
import { checkMirrors, findMirrorCycle } from '../../../src/routing/experiments/mirror-cycles.js';
import { experimentOf } from '../../support/experiment-arbitrary.js';

type Where = Pick<Variant, 'version' | 'service'>;

/** Copies all requests from one place to another. */
function mirrorOf(name: string, from: Where, to: Where, others: Partial<Experiment> = {}): Experiment {
  const variants = [
    { name: 'main', weight: 100, ...from },
    { name: 'shadow', weight: 0, ...to },
  ];
  const mirror = { variant: 'shadow', percent: 100 };
  return experimentOf(variants, { name, subject: 'models.a', mirror, ...others });
}

const [v1, v2, v3] = [{ version: '^1' }, { version: '^2' }, { version: '^3' }];

describe('mirrors of several experiments', () => {
  it('may not lead back, directly or round about', () => {
    expect(findMirrorCycle([mirrorOf('a', v1, v2), mirrorOf('b', v2, v1)])).toEqual(['a', 'b', 'a']);
    const round = [mirrorOf('a', v1, v2), mirrorOf('b', v2, v3), mirrorOf('c', v3, v1)];
    expect(findMirrorCycle(round)).toEqual(['a', 'b', 'c', 'a']);
    expect(findMirrorCycle([mirrorOf('start', v3, v1), ...round.slice(0, 1), mirrorOf('b', v2, v1)])).toEqual(
      [...['a', 'b', 'a']],
    );
  });

  it('are refused with the way that they lead', () => {
    expect(() => checkMirrors([mirrorOf('a', v1, v2), mirrorOf('b', v2, v1)])).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: expect.objectContaining({
          what: expect.stringContaining('[cyclic-mirror]'),
          ...{ got: 'a → b → a', where: 'a.mirror.variant' },
        }),
      }),
    );
    expect(() => checkMirrors([mirrorOf('a', v1, v2), mirrorOf('b', v2, v3)])).not.toThrow();
  });

  it.each<[why: string, experiments: Experiment[]]>([
    ['all copy to one place', [mirrorOf('a', v1, v2), mirrorOf('b', v1, v2)]],
    ['one copies within its version', [mirrorOf('a', v1, v1)]],
    ['no subject is of both', [mirrorOf('a', v1, v2), mirrorOf('b', v2, v1, { subject: 'models.b' })]],
    ['the versions have none in common', [mirrorOf('a', v1, v2), mirrorOf('b', { version: '>=3' }, v1)]],
    ['they are of different services', [mirrorOf('a', v1, v2), mirrorOf('b', { ...v2, service: 'gpu' }, v1)]],
    [
      'one copies nothing at present',
      [mirrorOf('a', v1, v2), mirrorOf('b', v2, v1, { mirror: { variant: 'shadow', percent: 0 } })],
    ],
    ['the source is no place of its own', [mirrorOf('a', {}, v2), mirrorOf('b', {}, v2)]],
  ])('may be when %s', (_why, experiments) => {
    expect(findMirrorCycle(experiments)).toBeUndefined();
  });

  it.each<[why: string, experiments: Experiment[]]>([
    ['subjects overlap', [mirrorOf('a', v1, v2), mirrorOf('b', v2, v1, { subject: '*.a' })]],
    ['versions overlap', [mirrorOf('a', v1, { version: '>=2' }), mirrorOf('b', { version: '2.1.0' }, v1)]],
    [
      'a service is of any version',
      [mirrorOf('a', v1, { service: 'gpu' }), mirrorOf('b', { ...v2, service: 'gpu' }, v1)],
    ],
    [
      'a variant gets but the requests without a key',
      [
        mirrorOf('a', v1, v2),
        experimentOf(
          [
            { name: 'none', weight: 0, ...v2 },
            { name: 'most', weight: 100, ...v3 },
            { name: 'shadow', weight: 0, ...v1 },
          ],
          { name: 'b', subject: 'models.a', mirror: { variant: 'shadow', percent: 1 } },
        ),
      ],
    ],
  ])('may not be when %s', (_why, experiments) => {
    expect(findMirrorCycle(experiments)).toEqual(['a', 'b', 'a']);
  });

  it('lead in a circle exactly when no order of the versions has all of them lead forward', () => {
    const place = fc.nat(5);
    const ways = fc.array(fc.tuple(place, place), { maxLength: 8 });
    fc.assert(
      fc.property(ways, (pairs) => {
        const some = pairs.filter(([from, to]) => from !== to);
        const circle = findMirrorCycle(
          some.map(([from, to], index) =>
            mirrorOf(`e${index}`, { version: `^${from + 1}` }, { version: `^${to + 1}` }),
          ),
        );
        // Take away what nothing leads from, again and again: what is left goes in circles.
        let left = some;
        for (let before = -1; before !== left.length; ) {
          before = left.length;
          left = left.filter(([, to]) => left.some(([from]) => from === to));
        }
        expect(circle === undefined).toBe(left.length === 0);
        circle?.slice(1).forEach((name, index) => {
          const [, to] = some[Number(circle[index]!.slice(1))]!;
          expect(some[Number(name.slice(1))]![0]).toBe(to);
        });
      }),
    );
  });
});
