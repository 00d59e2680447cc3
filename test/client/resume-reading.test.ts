import { beforeAll, describe, expect, it } from 'vitest';
import { type ControlMessage, type ControlOf, openFrame } from '../../src/codec/index.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { type OrderVersionCode, orderVersion } from '../support/order-contracts.js';
import { frameOf } from '../support/raw-client.js';
import { ScriptedBroker } from '../support/scripted-broker.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
let v2: OrderVersionCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
  v2 = await orderVersion('v2');
});

const accepted = (subscription: number): ControlMessage => ({
  ...({ type: 'subscribed', subscription, positions: [] } as const),
  ...{ complete: true, missed: [] },
});

function registered({ call, contract, schema }: ControlOf<'register'>): ControlMessage {
  const { contract: known } = [v1, v2].find((one) => Buffer.compare(one.schema, schema) === 0)!;
  return {
    ...({ type: 'registered', call, contract, version: 1, schemaId: known.id } as const),
    ...{ isNew: false, unreadableBy: [] },
  };
}

/** A broker that accepts subscriptions when the test says so, and not all of a batch at once as a real one does. */
class HesitantBroker {
  readonly script: ScriptedBroker;
  hesitates = false;
  #sequence = 0;
  #dropped = 0;

  constructor(script: ScriptedBroker) {
    this.script = script;
    script.answer = (message) => {
      if (message.type === 'register') return [registered(message)];
      return message.type === 'subscribe' && !this.hesitates ? [accepted(message.subscription)] : [];
    };
  }

  /** Numbers of subscriptions asked for, one list for each message since the last connection was dropped. */
  get asked(): number[][] {
    const batches = this.script.batches.slice(this.#dropped);
    const numbers = batches.map((batch) =>
      batch.flatMap((message) => (message.type === 'subscribe' ? [message.subscription] : [])),
    );
    return numbers.filter((list) => list.length > 0);
  }

  accept(subscription: number): void {
    this.script.say(accepted(subscription));
  }

  /** An order, as a frame of its version. */
  deliver({ contract, order }: OrderVersionCode, name: string): void {
    const frame = frameOf('orders.eu', { payload: contract.encode(order(name)), schemaId: contract.id });
    openFrame(frame).stamp(++this.#sequence, 7, 1);
    this.script.say(frame);
  }

  drop(): void {
    this.#dropped = this.script.batches.length;
    this.script.drop();
  }
}

describe('subscriptions that are taken up again one after the other', () => {
  it('get what they read for sure until the broker can say what they cannot read', async () => {
    const broker = new HesitantBroker(fixture.closing(await ScriptedBroker.start()));
    const client = await fixture.client(broker.script.url);
    const [old, recent]: [string[], string[]] = [[], []];
    const subscription = await client.subscribe('orders.*', v1.contract, ({ id }) => old.push(id!));
    await client.subscribe('orders.>', v2.contract, ({ id }) => recent.push(id!));
    broker.hesitates = true;
    broker.deliver(v2, 'before');
    await client.flush();
    broker.drop();
    await eventually('both being asked for again', () => broker.asked.length > 0);
    // In one message, so that a broker has both before it hands over anything to one.
    expect(broker.asked).toEqual([[1, 2]]);
    broker.accept(2);
    broker.deliver(v2, 'too early to say');
    broker.deliver(v1, 'its own');
    broker.accept(1);
    broker.deliver(v2, 'after');
    await client.flush();
    expect(recent).toEqual(['before', 'too early to say', 'its own', 'after']);
    expect(old).toEqual(['before', 'its own', 'after']);
    expect(subscription.unreadable).toBe(1);
  });
});
