import { connect } from '@nats-io/transport-node';
import { REQUEST_SUBJECT, type RequestDriver } from './request-driver.js';

const TIMEOUT_MS = 30_000;

/** NATS core through its own client for Node. */
export const natsRequests: RequestDriver = {
  async serve(url) {
    const connection = await connect({ servers: url, name: 'bench-responder', reconnect: false });
    connection.subscribe(REQUEST_SUBJECT, {
      callback: (error, message) => {
        if (error !== null) throw error;
        message.respond(message.data);
      },
    });
    await connection.flush();
    return url;
  },

  async connect(url) {
    const connection = await connect({ servers: url, name: 'bench-requester', reconnect: false });
    return async (payload) =>
      (await connection.request(REQUEST_SUBJECT, payload, { timeout: TIMEOUT_MS })).data;
  },
};
