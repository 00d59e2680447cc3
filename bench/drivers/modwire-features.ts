import { ContentType } from 'modwire';
import { featuresPayload } from '../contracts/payloads.js';
import { type Driver, SUBJECT } from './driver.js';
import { connectClient } from './modwire-client.js';
import { readCounter, writeCounter } from './tally.js';

const { payload, counterAt } = featuresPayload();

/** Modwire with payloads of a schema, whose id is the process's second argument. */
export const modwireFeaturesDriver: Driver = {
  async connectPublisher(url) {
    const client = await connectClient(url, 'bench-publisher');
    const schemaId = new Uint8Array(Buffer.from(process.argv[3] ?? '', 'hex'));
    const options = { schemaId, contentType: ContentType.flatbuffer };
    return {
      publish(counted) {
        // The client copies it at once.
        writeCounter(payload.subarray(counterAt), readCounter(counted));
        return client.publish(SUBJECT, payload, options);
      },
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
      tally.addRun(readCounter(memory.u8, payloadStart + counterAt), 1),
    );
  },
};
