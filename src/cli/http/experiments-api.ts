import type { ExperimentInfo } from '../../broker/experiments/experiments-http.js';
import { JSON_TYPE } from '../../broker/http-message.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import { BrokerApi } from './broker-api.js';

/** The experiments of a broker. */
export class ExperimentsApi extends BrokerApi {
  async experiments(): Promise<readonly ExperimentInfo[]> {
    const { experiments } = await this.json<{ experiments: ExperimentInfo[] }>('GET', ['experiments']);
    return experiments;
  }

  experiment(name: string): Promise<ExperimentInfo> {
    return this.json('GET', ['experiments', name]);
  }

  put(experiment: Experiment): Promise<ExperimentInfo> {
    const sent = { body: encodeUtf8(JSON.stringify(experiment)), contentType: JSON_TYPE };
    return this.json('PUT', ['experiments', experiment.name], sent);
  }

  /** Answers what it was. */
  delete(name: string): Promise<ExperimentInfo> {
    return this.json('DELETE', ['experiments', name]);
  }
}
