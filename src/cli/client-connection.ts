import type { Client } from '../client/client.js';
import type { ResolvedSettings } from './config/resolve-settings.js';

/** Connects with the effective settings of `modwire pub` or `modwire sub`. */
export async function connectWith(
  settings: ResolvedSettings,
  options: { readonly name: string; readonly reconnect: boolean; readonly signal: AbortSignal },
): Promise<Client> {
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { connect } = await import('../client/connect.js');
  return connect(settings.text('client.url'), { ...settings.section('client'), ...options });
}
