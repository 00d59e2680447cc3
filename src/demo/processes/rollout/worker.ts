/** A worker of the rollout's demo: serves one version, and remembers which requests it has processed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../../client/calls/service.js';
import type { Client } from '../../../client/client.js';
import { connect } from '../../../client/connect.js';
import { ModwireError } from '../../../errors.js';
import type { WorkerCommands, WorkerPlan } from '../../rollout/commands.js';
import { SUBJECT } from '../../rollout/scene.js';
import { serveParent } from '../serve-parent.js';

/** How long it takes for a request. Milliseconds. */
const SERVICE_MS = 3;
const CONCURRENCY = 32;

const processed: number[] = [];
let client: Client;
let service: Service;

serveParent<WorkerCommands>(
  {
    async connect({ url, name, version, failing }: WorkerPlan) {
      client = await connect(url, { name });
      service = await client.serve(SUBJECT, { version, concurrency: CONCURRENCY }, async (request) => {
        const { number } = request.json() as { number: number };
        processed.push(number);
        const fails = failing && processed.length % 2 === 1;
        await delay(SERVICE_MS);
        if (fails) throw new ModwireError('INTERNAL', 'the model cannot be evaluated');
        return { version };
      });
    },
    async drain() {
      await service.drain();
      await client.drain();
      return processed;
    },
  },
  () => undefined,
);
