import type { Driver } from './driver.js';

/** The systems of the throughput cases. Each is loaded only by the processes that use it. */
export const DRIVERS: Readonly<Record<string, () => Promise<Driver>>> = {
  modwire: async () => (await import('./modwire.js')).modwireDriver,
  'modwire-features': async () => (await import('./modwire-features.js')).modwireFeaturesDriver,
  nats: async () => (await import('./nats.js')).natsDriver,
  redis: async () => (await import('./redis.js')).redisDriver,
  'raw-uws-relay': async () => (await import('./raw-relay.js')).rawRelayDriver,
};

/** The driver named on the command line of a publisher or subscriber process. */
export async function driverFromArguments(): Promise<Driver> {
  const name = process.argv[2] ?? '';
  const load = DRIVERS[name];
  if (load === undefined)
    throw new Error(`no driver '${name}'; there are ${Object.keys(DRIVERS).join(', ')}`);
  return load();
}
