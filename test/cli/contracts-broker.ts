import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Broker } from '../../src/broker/index.js';
import { fromHex } from '../../src/codec/message-id.js';
import type { BrokerFixture } from '../support/broker-fixture.js';
import { ORDERS, PING_TEXT } from '../support/order-schemas.js';
import { TRANSPORTS } from '../support/transports.js';
import { folder } from './cli-process.js';
import { runHere } from './run-here.js';

export interface ContractsHere {
  readonly broker: Broker;
  /** A folder with the versions of ORDERS and `ping`, each as a file of its name. */
  readonly cwd: string;
  /** Runs `modwire contracts` with these arguments, in that folder and with that broker. */
  contracts(...args: readonly string[]): ReturnType<typeof runHere>;
  /** The JSON that it prints; it must end with this exit code. */
  json<Value>(exitCode: number, ...args: readonly string[]): Promise<Value>;
  /** Connects a consumer that says what it reads. */
  consumer(name: string, filter: string, ...schemaIds: readonly string[]): Promise<void>;
}

/** A broker, and a folder with schemas for it. */
export async function contractsHere(fixture: BrokerFixture): Promise<ContractsHere> {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const cwd = folder();
  for (const [name, text] of Object.entries({ ...ORDERS, ping: PING_TEXT })) {
    writeFileSync(join(cwd, `${name}.fbs`), text);
  }
  const env = { MODWIRE_URL: broker.url };
  const contracts = (...args: readonly string[]) => runHere(['contracts', ...args], { cwd, env });
  return {
    ...{ broker, cwd, contracts },
    async json<Value>(exitCode: number, ...args: readonly string[]) {
      const { code, stdout, stderr } = await contracts(...args, '--json');
      if (code !== exitCode) throw new Error(`exit code ${code} instead of ${exitCode}:\n${stdout}${stderr}`);
      return JSON.parse(stdout) as Value;
    },
    async consumer(name, filter, ...schemaIds) {
      const client = await fixture.raw(broker.url, { name });
      await client.subscribe(1, filter, { reads: schemaIds.map(fromHex) });
    },
  };
}
