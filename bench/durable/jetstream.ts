import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DURABLE_FILTER, DURABLE_STREAM, DURABLE_SUBJECT, type DurableDriver } from './durable-driver.js';

const TIMEOUT_MS = 30_000;
/** Messages under way to a reader; a tenth and ten times as many were not faster. */
const MAX_MESSAGES = 10_000;

/** JetStream through its own client for Node, with a stream in files and otherwise the settings that it comes with. */
export const jetstreamDurable: DurableDriver = {
  async connect(url) {
    const connection = await connect({ servers: url, name: 'bench-durable-publisher', reconnect: false });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({
      name: DURABLE_STREAM,
      subjects: [DURABLE_FILTER],
      storage: StorageType.File,
    });
    const stream = jetstream(connection);
    return async (payload) => {
      await stream.publish(DURABLE_SUBJECT, payload, { timeout: TIMEOUT_MS });
    };
  },

  async replay(url, count, tally) {
    const connection = await connect({ servers: url, name: 'bench-replay', reconnect: false });
    // Without a name it is an ordered consumer, which acknowledges nothing.
    const consumer = await jetstream(connection).consumers.get(DURABLE_STREAM);
    const messages = await consumer.consume({ max_messages: MAX_MESSAGES });
    let left = count;
    for await (const message of messages) {
      tally.add(message.data);
      if (--left === 0) break;
    }
  },
};
