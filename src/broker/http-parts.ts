import type { Registry } from '../registry/registry.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import type { Admission } from './admission.js';
import type { Calls } from './calls/calls.js';
import { HttpCalls } from './calls/http-calls.js';
import { ReplyBodies } from './calls/reply-bodies.js';
import { RequestHttp } from './calls/request-http.js';
import { serviceInfos } from './calls/service-infos.js';
import { monotonicMs } from './clock.js';
import type { Experiments } from './experiments/experiments.js';
import { AllowedOrigins } from './http-origin.js';
import { HttpPayloads } from './http-payload.js';
import type { HttpRoutesParts } from './http-routes.js';
import type { LiveConsumers } from './live-consumers.js';
import type { Mirrors } from './mirrors/mirrors.js';
import { ModelInfer } from './open-inference/model-infer.js';
import { OpenInferenceHttp } from './open-inference/open-inference-http.js';
import { ServedModels } from './open-inference/served-models.js';
import type { ResolvedBrokerOptions } from './options.js';
import { PublishHttp } from './publish-http.js';
import type { Rollouts } from './rollouts/rollouts.js';
import type { StreamRouteParts } from './streams/streams-http.js';

export interface HttpSurroundings {
  readonly options: ResolvedBrokerOptions;
  readonly registry: Registry;
  readonly consumers: LiveConsumers;
  readonly experiments: Experiments;
  readonly rollouts: Rollouts;
  readonly mirrors: Mirrors;
  readonly streams: StreamRouteParts;
  readonly calls: Calls;
  readonly work: WorkerPool;
  readonly admission: Admission;
  readonly draining: () => boolean;
}

/** What answers plain HTTP requests. */
export function assembleHttp(surroundings: HttpSurroundings): HttpRoutesParts {
  const { options, registry, consumers, experiments, rollouts, mirrors, streams } = surroundings;
  const { calls, work, admission, draining } = surroundings;
  const { limits } = options;
  const httpCalls = new HttpCalls({
    calls,
    verifier: admission.createVerifier(),
    maxCalls: limits.maxHttpRequests,
  });
  const payloads = new HttpPayloads(registry, work);
  return {
    ...{ registry, consumers, experiments, rollouts, mirrors, streams },
    origins: new AllowedOrigins(options.allowedOrigins),
    health: () => ({ draining: draining() }),
    services: () => serviceInfos(calls.services.groups, monotonicMs()),
    publishing: new PublishHttp({ payloads, admission, draining }),
    requests: new RequestHttp({
      ...{ calls: httpCalls, payloads },
      bodies: new ReplyBodies(registry, work),
      maxWaitingBytes: limits.slowConsumerBytes,
    }),
    openInference: new OpenInferenceHttp({
      ...{ serverName: options.name, draining, calls: httpCalls },
      models: new ServedModels(() => calls.services.groups),
      infer: new ModelInfer({ calls: httpCalls, work }),
    }),
  };
}
