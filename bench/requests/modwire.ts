import { connectClient } from '../drivers/modwire-client.js';
import { REQUEST_SUBJECT, type RequestDriver } from './request-driver.js';

/** More than a case has under way: no request waits at the broker. */
const CONCURRENCY = 256;

export const modwireRequests: RequestDriver = {
  async serve(url) {
    const client = await connectClient(url, 'bench-responder');
    await client.serve(REQUEST_SUBJECT, { concurrency: CONCURRENCY }, (request) => request.payload);
    return url;
  },

  async connect(url) {
    const client = await connectClient(url, 'bench-requester');
    return async (payload) => (await client.request(REQUEST_SUBJECT, payload)).payload;
  },
};
