import { connect } from '@nats-io/transport-node';
import { type Driver, SUBJECT } from './driver.js';

/**
 * NATS core has no backpressure towards publishers but this: a flush every so many messages. A tenth of it was slower,
 * five times as much was not faster.
 */
const MESSAGES_PER_FLUSH = 10_000;

/** NATS core through its own client for Node. */
export const natsDriver: Driver = {
  async connectPublisher(url) {
    const connection = await connect({ servers: url, name: 'bench-publisher', reconnect: false });
    let sinceFlush = 0;
    return {
      publish: (payload) => {
        connection.publish(SUBJECT, payload);
        return ++sinceFlush < MESSAGES_PER_FLUSH;
      },
      ready: () => {
        sinceFlush = 0;
        return connection.flush();
      },
      flush: () => connection.flush(),
    };
  },

  async subscribe(url, tally) {
    const connection = await connect({ servers: url, name: 'bench-subscriber', reconnect: false });
    connection.subscribe(SUBJECT, {
      callback: (error, message) => {
        if (error !== null) throw error;
        tally.add(message.data);
      },
    });
    // The subscription has reached the server once a flush behind it has come back.
    await connection.flush();
  },
};
