import { connectClient } from '../drivers/modwire-client.js';
import { modwireRequests } from './modwire.js';
import { REQUEST_SUBJECT, type RequestDriver } from './request-driver.js';

/** More than a case has under way: no request waits at the broker. */
const CONCURRENCY = 256;

/** Modwire with one version of a service; requests ask for none. */
export function modwireVersion(version: string): RequestDriver {
  return {
    async serve(url) {
      const client = await connectClient(url, `bench-responder-${version}`);
      await client.serve(
        REQUEST_SUBJECT,
        { version, concurrency: CONCURRENCY },
        (request) => request.payload,
      );
      return url;
    },
    connect: modwireRequests.connect,
  };
}
