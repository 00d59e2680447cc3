import { ModwireError } from '../../errors.js';
import { experimentFault } from '../../routing/experiments/experiment-rules.js';
import { checkQuery, readJson, SMALL_BODY_BYTES } from '../http-input.js';
import { type HttpReply, type HttpRequest, jsonReply } from '../http-message.js';
import { HttpTable, type RouteTable } from '../http-table.js';
import type { Mirrors } from '../mirrors/mirrors.js';
import type { Experiments } from './experiments.js';
import type { KeptExperiment } from './kept-experiment.js';
import type { RunningExperiment } from './running-experiment.js';

export const EXPERIMENTS_PATH = '/v1/experiments';

export interface ExperimentRouteParts {
  readonly experiments: Experiments;
  readonly mirrors: Pick<Mirrors, 'report' | 'reset'>;
}

/** An experiment as HTTP shows it. */
export interface ExperimentInfo extends KeptExperiment {
  /** Whether the rollout of its name drives it: nobody else may change it. */
  readonly driven: boolean;
}

const ROUTES: RouteTable<ExperimentRouteParts> = {
  [EXPERIMENTS_PATH]: { GET: list },
  [`${EXPERIMENTS_PATH}/*`]: { GET: show, PUT: put, DELETE: remove },
  [`${EXPERIMENTS_PATH}/*/report`]: { GET: showReport, DELETE: resetReport },
};

const TABLE = new HttpTable(ROUTES);

/** Answers for `/v1/experiments`; never rejects. */
export function answerExperiments(request: HttpRequest, parts: ExperimentRouteParts): Promise<HttpReply> {
  return TABLE.answer(request, parts);
}

function list({ experiments }: ExperimentRouteParts, { query }: HttpRequest): HttpReply {
  checkQuery(query, []);
  return jsonReply(200, { experiments: experiments.list().map((kept) => infoOf(experiments, kept)) });
}

function show(
  { experiments }: ExperimentRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  checkQuery(query, []);
  return jsonReply(200, infoOf(experiments, experiments.get(name)));
}

async function put(
  { experiments }: ExperimentRouteParts,
  request: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  checkQuery(request.query, []);
  const value = readJson(request, SMALL_BODY_BYTES);
  checkName(value, name);
  const { kept, isNew } = await experiments.put(value);
  return jsonReply(isNew ? 201 : 200, infoOf(experiments, kept));
}

async function remove(
  { experiments }: ExperimentRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  checkQuery(query, []);
  return jsonReply(200, infoOf(experiments, await experiments.delete(name)));
}

function showReport(
  { experiments, mirrors }: ExperimentRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  checkQuery(query, []);
  return jsonReply(200, mirrors.report(mirroredOf(experiments, name)));
}

function resetReport(
  { experiments, mirrors }: ExperimentRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  checkQuery(query, []);
  return jsonReply(200, mirrors.reset(mirroredOf(experiments, name)));
}

/** Throws NOT_FOUND, FAILED_PRECONDITION for an experiment without a mirror. */
function mirroredOf(experiments: Experiments, name: string): RunningExperiment {
  const { kept } = experiments.running(name);
  if (kept.experiment.mirror !== undefined) return experiments.running(name);
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'the experiment has no mirror',
    expected: 'one that says which variant gets copies of its requests',
    got: kept.experiment.name,
  });
}

/** What is no experiment at all is refused with more to say. */
function checkName(value: unknown, name: string): void {
  const said = (value as { readonly name?: unknown } | null)?.name;
  if (typeof said !== 'string' || said === name) return;
  throw experimentFault('name-form', 'name', { expected: `${name}, as in the path`, got: said.slice(0, 80) });
}

function infoOf(experiments: Experiments, kept: KeptExperiment): ExperimentInfo {
  return { ...kept, driven: experiments.isDriven(kept.experiment.name) };
}
