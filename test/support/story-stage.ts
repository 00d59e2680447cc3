import { type BrokerOptions, startBroker } from '../../src/broker/index.js';
import { connect } from '../../src/index.js';
import type { StoryWorld } from './sdk-story.js';
import { TcpProxy } from './tcp-proxy.js';

/** What the SDK's story needs around it: a broker, a network that can be cut, and somebody who publishes. */
export interface StoryStage {
  /** Where the client in the story connects. */
  readonly url: string;
  readonly world: StoryWorld;
  close(): Promise<void>;
}

/** Starts a broker of its own for every story. */
export async function setStoryStage(options: BrokerOptions = {}): Promise<StoryStage> {
  const broker = await startBroker({ port: 0, ...options });
  const proxy = await TcpProxy.start(broker.port);
  // Its connection does not lead through the proxy, so it goes on when the network is cut.
  const publisher = await connect(broker.url, { name: 'publisher' });
  return {
    url: `ws://127.0.0.1:${proxy.port}`,
    world: {
      async publish(subject, values) {
        for (const value of values) await publisher.publish(subject, value, { ack: true });
      },
      async cut() {
        proxy.cut();
      },
      async restore() {
        proxy.restore();
      },
    },
    async close() {
      await publisher.close();
      await proxy.close();
      await broker.close();
    },
  };
}
