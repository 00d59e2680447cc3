import { CONTRACT_ROUTES, type ContractRouteParts } from './contract-routes.js';
import type { HttpReply, HttpRequest } from './http-message.js';
import { HttpTable } from './http-table.js';

const TABLE = new HttpTable(CONTRACT_ROUTES);

/** Answers for `/v1/contracts`, `/v1/schemas` and `/v1/bindings`; never rejects. */
export function answerContracts(request: HttpRequest, parts: ContractRouteParts): Promise<HttpReply> {
  return TABLE.answer(request, parts);
}
