import { ModwireError } from '../errors.js';
import { BROKER_LIMITS, DEFAULT_LIMITS, LIMIT_NAMES, type LimitName, type Limits } from '../limits.js';
import { isOrigin } from './http-origin.js';
import type { SlowConsumerPolicy } from './slow-consumers.js';

export interface BrokerOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0 has one picked; 7300 by default. */
  readonly port?: number;
  /** How the broker calls itself; `modwire` by default. */
  readonly name?: string;
  /** `auto` takes uWebSockets.js where its binary fits this Node.js, else `ws`, with a warning. */
  readonly transport?: 'auto' | 'uws' | 'ws';
  /** What becomes of consumers that read too slowly; `resume` by default. */
  readonly slowConsumerPolicy?: SlowConsumerPolicy;
  /**
   * Directory where contracts, experiments, rollouts and streams are kept; empty, the default, keeps them in memory: they end
   * with the broker.
   */
  readonly dataDir?: string;
  /** Whether subjects that are bound to no contract are refused; false by default. */
  readonly requireContracts?: boolean;
  /** Whether frames that break their contract are kept, in `$quarantine.SUBJECT`; false by default. */
  readonly quarantine?: boolean;
  /**
   * Origins of web pages that may connect, and change something over HTTP, such as `https://app.example`; `*` for all. Pages
   * that the broker's own host serves always may, and so may programs, which say no origin. None by default.
   */
  readonly allowedOrigins?: readonly string[];
  /** Deviations from the defaults in limits.ts. */
  readonly limits?: Partial<Limits>;
}

export interface ResolvedBrokerOptions extends Required<Omit<BrokerOptions, 'limits'>> {
  readonly limits: Limits;
}

export const DEFAULT_PORT = 7300;

const TRANSPORTS = ['auto', 'uws', 'ws'] as const;
const POLICIES = ['resume', 'close'] as const;
const MAX_PORT = 65_535;

/** Limits of which the first may not be below the second. */
const ORDERED: ReadonlyArray<readonly [LimitName, LimitName]> = [
  ['slowConsumerBytes', 'congestedBytes'],
  // A frame that is allowed must not close its connection.
  ['maxBatchBytes', 'maxFrameBytes'],
  // A client that sends its heartbeats must not count as silent.
  ['silenceMs', 'heartbeatMs'],
];

/** Fills in defaults. Throws INVALID_ARGUMENT that names the option. */
export function resolveBrokerOptions(options: BrokerOptions): ResolvedBrokerOptions {
  const limits: Record<LimitName, number> = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    if (value === undefined) continue;
    limits[checkLimitName(name)] = checkLimit(name as LimitName, value);
  }
  for (const [greater, smaller] of ORDERED) {
    if (limits[greater] >= limits[smaller]) continue;
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'limits contradict each other',
      expected: `${greater} of at least ${smaller} = ${limits[smaller]}`,
      got: String(limits[greater]),
    });
  }
  const port = options.port ?? DEFAULT_PORT;
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw invalid('port', `a whole number from 0 to ${MAX_PORT}`, String(port));
  }
  return {
    host: options.host ?? '127.0.0.1',
    port,
    name: options.name ?? 'modwire',
    transport: oneOf('transport', options.transport ?? 'auto', TRANSPORTS),
    slowConsumerPolicy: oneOf('slowConsumerPolicy', options.slowConsumerPolicy ?? 'resume', POLICIES),
    dataDir: options.dataDir ?? '',
    requireContracts: options.requireContracts ?? false,
    quarantine: options.quarantine ?? false,
    allowedOrigins: checkOrigins(options.allowedOrigins ?? []),
    limits,
  };
}

/** Throws INVALID_ARGUMENT for a name that is not in limits.ts. */
export function checkLimitName(name: string): LimitName {
  if (Object.hasOwn(BROKER_LIMITS, name)) return name as LimitName;
  throw invalid('limit', `one of ${LIMIT_NAMES.join(', ')}`, JSON.stringify(name));
}

/** Throws INVALID_ARGUMENT for a value out of the limit's range. */
export function checkLimit(name: LimitName, value: number): number {
  const limit = BROKER_LIMITS[name];
  if (Number.isInteger(value) && value >= limit.min && value <= limit.max) return value;
  throw invalid(name, `a whole number from ${limit.min} to ${limit.max} (${limit.unit})`, String(value));
}

function checkOrigins(origins: readonly string[]): readonly string[] {
  if (Array.isArray(origins) && origins.every(isOrigin)) return origins;
  throw invalid('allowedOrigins', 'a list of SCHEME://HOST[:PORT] or *', JSON.stringify(origins));
}

function oneOf<Choice extends string>(name: string, value: Choice, choices: readonly Choice[]): Choice {
  if (choices.includes(value)) return value;
  throw invalid(name, `one of ${choices.join(', ')}`, JSON.stringify(value));
}

function invalid(name: string, expected: string, got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what: `${name} is not valid`, expected, got });
}
