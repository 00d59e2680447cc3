import type { RequestDriver } from './request-driver.js';

/** The systems of the request cases. Each is loaded only by the processes that use it. */
const DRIVERS: Readonly<Record<string, () => Promise<RequestDriver>>> = {
  modwire: async () => (await import('./modwire.js')).modwireRequests,
  'modwire-experiment': async () => (await import('./modwire-experiment.js')).modwireExperimentRequests,
  'modwire-v1': async () => (await import('./modwire-version.js')).modwireVersion('1.0.0'),
  'modwire-v2': async () => (await import('./modwire-version.js')).modwireVersion('2.0.0'),
  nats: async () => (await import('./nats.js')).natsRequests,
  'grpc-js': async () => (await import('./grpc.js')).grpcRequests,
  'raw-uws-relay': async () => (await import('./raw-relay.js')).rawRelayRequests,
};

/** The driver that the process was started with. */
export async function requestDriverFromArguments(): Promise<RequestDriver> {
  const name = process.argv[2] ?? '';
  const load = DRIVERS[name];
  if (load === undefined)
    throw new Error(`no driver '${name}'; there are ${Object.keys(DRIVERS).join(', ')}`);
  return load();
}
