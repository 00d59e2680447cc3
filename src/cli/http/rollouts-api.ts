import { JSON_TYPE } from '../../broker/http-message.js';
import type { RolloutDetails, RolloutInfo } from '../../broker/rollouts/rollout-info.js';
import { BrokerApi, type Sent } from './broker-api.js';

/** What an operator may tell a rollout. */
export type RolloutWord = 'promote' | 'pause' | 'resume' | 'rollback';

/** The rollouts of a broker. */
export class RolloutsApi extends BrokerApi {
  async rollouts(): Promise<readonly RolloutInfo[]> {
    const { rollouts } = await this.json<{ rollouts: RolloutInfo[] }>('GET', ['rollouts']);
    return rollouts;
  }

  rollout(name: string): Promise<RolloutDetails> {
    return this.json('GET', ['rollouts', name]);
  }

  /** `plan`: JSON in UTF-8, which the broker reads. */
  start(plan: Uint8Array): Promise<RolloutDetails> {
    return this.json('POST', ['rollouts'], { body: plan, contentType: JSON_TYPE });
  }

  command(
    name: string,
    word: RolloutWord,
    said: Readonly<Record<string, string | undefined>>,
  ): Promise<RolloutDetails> {
    return this.json('POST', ['rollouts', name, word], json(said));
  }

  delete(name: string): Promise<RolloutDetails> {
    return this.json('DELETE', ['rollouts', name]);
  }
}

function json(value: unknown): Sent {
  return { body: new TextEncoder().encode(JSON.stringify(value)), contentType: JSON_TYPE };
}
