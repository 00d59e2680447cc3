import { connectClient } from '../drivers/modwire-client.js';
import { readCounter } from '../drivers/tally.js';
import { DURABLE_STREAM, DURABLE_SUBJECT, type DurableDriver } from './durable-driver.js';

export const modwireDurable: DurableDriver = {
  async connect(url) {
    const client = await connectClient(url, 'bench-durable-publisher');
    return async (payload) => {
      await client.publish(DURABLE_SUBJECT, payload, { ack: true });
    };
  },

  async replay(url, count, tally) {
    const client = await connectClient(url, 'bench-replay');
    const reader = await client.readStream(DURABLE_STREAM, { to: { offset: count } });
    for await (const records of reader.batches()) {
      for (const { frame } of records) tally.addRun(readCounter(frame.memory.u8, frame.payloadStart), 1);
    }
  },
};
