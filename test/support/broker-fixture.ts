import { afterEach } from 'vitest';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker/index.js';
import type { ConnectOptions } from '../../src/client/options.js';
import { type Client, connect } from '../../src/index.js';
import type { Limits } from '../../src/limits.js';
import { RawClient, type RawClientOptions } from './raw-client.js';
import type { TransportName } from './transports.js';

export { TRANSPORTS, type TransportName } from './transports.js';

interface Closing {
  close(): Promise<unknown>;
}

/** Brokers and clients of one test, closed after it: the last made first. */
export class BrokerFixture {
  readonly #open: Closing[] = [];

  constructor() {
    afterEach(() => this.#closeAll());
  }

  async broker(
    transport: TransportName,
    limits: Partial<Limits> = {},
    options: BrokerOptions = {},
  ): Promise<Broker> {
    // What tests ask of a broker they mostly ask of one that has been running for a while.
    const ours = { startupGraceMs: 0, ...limits };
    return this.closing(await startBroker({ port: 0, ...options, transport, limits: ours }));
  }

  async client(url: string, options: ConnectOptions = {}): Promise<Client> {
    return this.closing(await connect(url, { reconnectMs: 5, maxReconnectMs: 20, ...options }));
  }

  async raw(url: string, options: RawClientOptions = {}): Promise<RawClient> {
    return this.closing(await RawClient.open(url, options));
  }

  /** Closes something else after the test. */
  closing<T extends Closing>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async #closeAll(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }
}
