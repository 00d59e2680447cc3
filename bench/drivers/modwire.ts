import { type Driver, SUBJECT } from './driver.js';
import { connectClient } from './modwire-client.js';

/** Modwire through its SDK, as README shows it. */
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
    await client.subscribe(SUBJECT, (frame) => tally.add(frame.payload));
  },
};
