import type { MirrorReportJson } from '../../broker/mirrors/mirror-report.js';
import { BrokerApi } from './broker-api.js';

/** What a broker found in comparing replies to requests and to their copies. */
export class MirrorReportsApi extends BrokerApi {
  report(experiment: string): Promise<MirrorReportJson> {
    return this.json('GET', ['experiments', experiment, 'report']);
  }

  /** Resolves with the report until now. */
  reset(experiment: string): Promise<MirrorReportJson> {
    return this.json('DELETE', ['experiments', experiment, 'report']);
  }
}
