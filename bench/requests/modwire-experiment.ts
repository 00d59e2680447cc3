import { connectClient } from '../drivers/modwire-client.js';
import { REQUEST_SUBJECT, type RequestDriver } from './request-driver.js';

/** More than a case has under way: no request waits at the broker. */
const CONCURRENCY = 256;

/** A client serves a subject once; this filter selects it, too. */
const WIDER_SUBJECT = 'models.*';

/** Requests carry one of so many keys. */
const KEYS = 1_000;

/**
 * Modwire with two versions of a service, and requests with keys. Both are at one connection: how messages go together on the
 * way to workers is the same however requests are divided.
 */
export const modwireExperimentRequests: RequestDriver = {
  async serve(url) {
    const client = await connectClient(url, 'bench-responder');
    const services = { '1.0.0': REQUEST_SUBJECT, '2.0.0': WIDER_SUBJECT };
    for (const [version, subject] of Object.entries(services)) {
      const options = { version, concurrency: CONCURRENCY };
      await client.serve(subject, options, (request) => request.payload);
    }
    return url;
  },

  async connect(url) {
    const client = await connectClient(url, 'bench-requester');
    const options = Array.from({ length: KEYS }, (_, index) => ({ key: `user-${index}` }));
    let next = 0;
    return async (payload) => {
      next = (next + 1) % KEYS;
      return (await client.request(REQUEST_SUBJECT, payload, options[next])).payload;
    };
  },
};
