import { readRolloutPlan } from '../../routing/rollouts/read-rollout-plan.js';
import {
  pauseRollout,
  promoteRollout,
  resumeRollout,
  rollbackRollout,
} from '../../routing/rollouts/rollout-commands.js';
import type { RolloutStage } from '../../routing/rollouts/rollout-state.js';
import * as input from '../http-input.js';
import { type HttpReply, type HttpRequest, jsonReply } from '../http-message.js';
import { HttpTable, type RouteAnswer } from '../http-table.js';
import type { RolloutCommand, Rollouts } from './rollouts.js';

export const ROLLOUTS_PATH = '/v1/rollouts';

export interface RolloutRouteParts {
  readonly rollouts: Rollouts;
}

const STAGE = /^(step-[1-9]\d{0,2}|switched|following)$/;

type Answer = RouteAnswer<RolloutRouteParts>;

/** What the body of a command says. */
interface Said {
  readonly reason: string | undefined;
  readonly from: RolloutStage | undefined;
}

const TABLE = new HttpTable<RolloutRouteParts>({
  [ROLLOUTS_PATH]: { GET: list, POST: start },
  [`${ROLLOUTS_PATH}/*`]: { GET: show, DELETE: remove },
  [`${ROLLOUTS_PATH}/*/promote`]: {
    POST: commanded(['reason', 'from'], ({ reason, from }) => {
      return (state, nowMs) => promoteRollout(state, nowMs, from, reason);
    }),
  },
  [`${ROLLOUTS_PATH}/*/pause`]: {
    POST: commanded(
      ['reason'],
      ({ reason }) =>
        (state, nowMs) =>
          pauseRollout(state, nowMs, reason),
    ),
  },
  [`${ROLLOUTS_PATH}/*/resume`]: {
    POST: commanded(
      ['reason'],
      ({ reason }) =>
        (state, nowMs) =>
          resumeRollout(state, nowMs, reason),
    ),
  },
  [`${ROLLOUTS_PATH}/*/rollback`]: {
    POST: commanded(['reason'], ({ reason }) => {
      const given = input.required(reason, 'reason');
      return (state, nowMs) => rollbackRollout(state, given, nowMs);
    }),
  },
});

/** Answers for `/v1/rollouts`; never rejects. */
export function answerRollouts(request: HttpRequest, parts: RolloutRouteParts): Promise<HttpReply> {
  return TABLE.answer(request, parts);
}

function list({ rollouts }: RolloutRouteParts, { query }: HttpRequest): HttpReply {
  input.checkQuery(query, []);
  return jsonReply(200, { rollouts: rollouts.list() });
}

async function start({ rollouts }: RolloutRouteParts, request: HttpRequest): Promise<HttpReply> {
  input.checkQuery(request.query, []);
  const plan = readRolloutPlan(input.readJson(request, input.SMALL_BODY_BYTES));
  return jsonReply(201, await rollouts.start(plan));
}

function show(
  { rollouts }: RolloutRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  input.checkQuery(query, []);
  return jsonReply(200, rollouts.show(name));
}

async function remove(
  { rollouts }: RolloutRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  input.checkQuery(query, []);
  return jsonReply(200, await rollouts.delete(name));
}

/** The answer to a command, whose body has these members. */
function commanded(members: readonly string[], command: (said: Said) => RolloutCommand): Answer {
  return async ({ rollouts }, request, [name = '']) => {
    input.checkQuery(request.query, []);
    return jsonReply(200, await rollouts.command(name, command(saidBy(request, members))));
  };
}

/** Without a body nothing is said. */
function saidBy(request: HttpRequest, members: readonly string[]): Said {
  if (request.body.length === 0) return { reason: undefined, from: undefined };
  const object = input.readJsonObject(request, members, input.SMALL_BODY_BYTES);
  return { reason: input.textOf(object, 'reason'), from: stageOf(input.textOf(object, 'from')) };
}

function stageOf(from: string | undefined): RolloutStage | undefined {
  if (from === undefined || STAGE.test(from)) return from as RolloutStage | undefined;
  throw input.badInput('from', 'step-1 and so on, switched or following', from);
}
