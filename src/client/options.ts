import type { Contract } from '../contracts/contract.js';
import { ModwireError } from '../errors.js';
import {
  type CallDefaults,
  type HedgeOptions,
  type RetryOptions,
  resolveHedge,
  resolveRetry,
} from './calls/call-options.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { isContract } from './is-contract.js';

/** Bounds of a client: see CLIENT_LIMITS for units and defaults. */
export type ClientLimits = { readonly [Name in keyof typeof CLIENT_LIMITS]: number };

export interface ConnectOptions extends Partial<ClientLimits> {
  /** How this client calls itself; shown to operators. */
  readonly name?: string;
  /** Aborts connecting. */
  readonly signal?: AbortSignal;
  /** Whether to connect again when the connection is lost; true by default. */
  readonly reconnect?: boolean;
  /** Contracts that this client publishes or reads: the broker knows them by the time `connect` resolves. */
  readonly contracts?: readonly Contract[];
  /** Whether contracts that the broker does not know are registered with it; true by default. */
  readonly register?: boolean;
  /** How requests are tried again; at most five attempts by default, with at most a fifth of additional load. */
  readonly retry?: RetryOptions | false;
  /** When slow idempotent requests are made a second time; not at all by default. */
  readonly hedge?: HedgeOptions | false;
}

export interface ResolvedConnectOptions extends ClientLimits, CallDefaults {
  readonly url: string;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly reconnect: boolean;
  readonly contracts: readonly Contract[];
  readonly register: boolean;
}

/** Fills in defaults. Throws INVALID_ARGUMENT for what is not valid. */
export function resolveConnectOptions(url: string, options: ConnectOptions): ResolvedConnectOptions {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw badUrl(url);
  }
  // The platforms' own constructors throw at a fragment.
  if ((parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') || url.includes('#')) throw badUrl(url);
  const limits: Record<string, number> = { ...CLIENT_LIMITS };
  for (const name of Object.keys(CLIENT_LIMITS) as (keyof ClientLimits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: `${name} is not valid`,
        expected: 'a whole number from 1',
        got: String(value),
      });
    }
    limits[name] = value;
  }
  return {
    ...(limits as ClientLimits),
    url,
    name: options.name ?? 'modwire-client',
    signal: options.signal,
    reconnect: options.reconnect ?? true,
    contracts: checkContracts(options.contracts ?? []),
    register: options.register ?? true,
    retry: resolveRetry(options.retry),
    hedge: resolveHedge(options.hedge),
  };
}

function checkContracts(contracts: readonly Contract[]): readonly Contract[] {
  if (Array.isArray(contracts) && contracts.every(isContract)) return contracts;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'contracts are not valid',
    expected: 'an array of what defineContract returns',
    got: Array.isArray(contracts) ? 'something else in it' : typeof contracts,
  });
}

function badUrl(url: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'not the address of a broker',
    expected: 'ws://HOST:PORT or wss://HOST:PORT, without a fragment',
    got: JSON.stringify(url),
  });
}
