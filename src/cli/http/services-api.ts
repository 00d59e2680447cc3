import type { ServiceInfo } from '../../broker/calls/service-infos.js';
import { BrokerApi } from './broker-api.js';

/** Who serves what at a broker. */
export class ServicesApi extends BrokerApi {
  async services(): Promise<readonly ServiceInfo[]> {
    const { services } = await this.json<{ services: ServiceInfo[] }>('GET', ['services']);
    return services;
  }
}
