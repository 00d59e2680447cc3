import { type Driver, SUBJECT } from './driver.js';
import { connectClient } from './modwire-client.js';
import { readCounter } from './tally.js';

/** Modwire through its SDK. The counter is read where it lies, as a consumer in a hurry would. */
export const modwireDriver: Driver = {
  async connectPublisher(url) {
    const client = await connectClient(url, 'bench-publisher');
    return {
      publish: (payload) => client.publish(SUBJECT, payload),
      ready: () => client.ready(),
      flush: () => client.flush(),
    };
  },

  async subscribe(url, tally) {
    const client = await connectClient(url, 'bench-subscriber');
    client.on('gap', ({ first, last }) => {
      tally.reported += last - first + 1;
    });
    await client.subscribe(SUBJECT, ({ memory, payloadStart }) =>
      tally.addRun(readCounter(memory.u8, payloadStart), 1),
    );
  },
};
