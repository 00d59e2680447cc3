import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ModwireError } from 'modwire/codec';

export const USAGE = `npm run fuzz -- [options]

  --target T      wire: frames, control messages and batches (default); contracts: payloads, by the verifiers in
                  TypeScript and C++ and by FlatBuffers' generated one, as far as the addon and a compiler are there
  --frames N      how many broken frames (default 1000000)
  --payloads N    how many broken payloads, for contracts (default 1000000)
  --seed S        0 to 4294967295; the same seed breaks the same bytes (default: random, printed)
  --start N       the first case (default 0)
  --duration S    stop after so many seconds although cases are left
  --broker        also send one in ten to a broker that serves others meanwhile (default)
  --no-broker     the codec alone
  --keep DIR      where bytes that broke a law are written (default build/fuzz-failures)
  --help          this text
`;

export type FuzzTarget = 'wire' | 'contracts';

export interface FuzzOptions {
  readonly target: FuzzTarget;
  /** Of target wire. */
  readonly frames: number;
  /** Of target contracts. */
  readonly payloads: number;
  readonly seed: number;
  readonly start: number;
  /** Milliseconds; Infinity when there is no end but the cases. */
  readonly durationMs: number;
  readonly broker: boolean;
  readonly keep: string;
  readonly help: boolean;
}

/** Throws INVALID_ARGUMENT for unknown or malformed options. */
export function parseOptions(args: readonly string[]): FuzzOptions {
  const values = parse(args);
  if (values.broker === true && values['no-broker'] === true) {
    throw new ModwireError('INVALID_ARGUMENT', 'both --broker and --no-broker were given; choose one');
  }
  const target = targetOf(values.target);
  const others = target === 'wire' ? (['payloads'] as const) : (['frames', 'broker', 'no-broker'] as const);
  for (const name of others) {
    if (values[name] !== undefined) {
      throw new ModwireError('INVALID_ARGUMENT', `--${name} means nothing for --target ${target}`);
    }
  }
  return {
    target,
    payloads: whole('--payloads', values.payloads, 1_000_000, Number.MAX_SAFE_INTEGER),
    frames: whole('--frames', values.frames, 1_000_000, Number.MAX_SAFE_INTEGER),
    seed: whole('--seed', values.seed, randomInt(0x1_0000_0000), 0xffff_ffff),
    start: whole('--start', values.start, 0, Number.MAX_SAFE_INTEGER),
    durationMs:
      values.duration === undefined ? Number.POSITIVE_INFINITY : seconds('--duration', values.duration),
    broker: values['no-broker'] !== true,
    keep: values.keep ?? 'build/fuzz-failures',
    help: values.help === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: 'string' },
        frames: { type: 'string' },
        payloads: { type: 'string' },
        seed: { type: 'string' },
        start: { type: 'string' },
        duration: { type: 'string' },
        broker: { type: 'boolean' },
        'no-broker': { type: 'boolean' },
        keep: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (cause) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: cause instanceof Error ? cause.message : String(cause),
      advice: 'npm run fuzz -- --help lists the options',
      cause,
    });
  }
}

function targetOf(text = 'wire'): FuzzTarget {
  if (text === 'wire' || text === 'contracts') return text;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'no such target',
    expected: 'wire or contracts',
    got: JSON.stringify(text),
    where: '--target',
  });
}

function whole(name: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const plain = text.replaceAll('_', '');
  const value = Number(plain);
  if (/^\d+$/.test(plain) && value <= most) return value;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a number that can be used',
    expected: `a whole number from 0 to ${most}`,
    got: JSON.stringify(text),
    where: name,
  });
}

function seconds(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value < Number.POSITIVE_INFINITY) return value * 1000;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a duration',
    expected: 'seconds above 0',
    got: JSON.stringify(text),
    where: name,
  });
}
