import { CONTRACT_ROUTES, type ContractRouteParts } from './contract-routes.js';
import { decodePart } from './http-input.js';
import { type HttpReply, type HttpRequest, notAllowed, problem, problemOf } from './http-message.js';

const ROUTES = Object.entries(CONTRACT_ROUTES).map(([path, methods]) => ({
  path,
  parts: path.split('/'),
  methods: new Map(Object.entries(methods)),
}));

/** Answers for `/v1/contracts`, `/v1/schemas` and `/v1/bindings`; never rejects. */
export async function answerContracts(request: HttpRequest, parts: ContractRouteParts): Promise<HttpReply> {
  try {
    return await route(request, parts);
  } catch (thrown) {
    return problemOf(thrown);
  }
}

async function route(request: HttpRequest, parts: ContractRouteParts): Promise<HttpReply> {
  const { method, path } = request;
  const given = path.split('/');
  const found = ROUTES.find(
    (one) =>
      one.parts.length === given.length &&
      one.parts.every((part, index) => (part === '*' ? given[index] !== '' : part === given[index])),
  );
  if (found === undefined) {
    const known = ROUTES.map((one) => one.path).join(', ');
    return problem(404, 'NOT_FOUND', `nothing at ${path}: expected one of ${known}`);
  }
  // The transport leaves the body out.
  const answer = found.methods.get(method === 'HEAD' ? 'GET' : method);
  if (answer === undefined) return notAllowed(method, [...found.methods.keys()]);
  const names = given.filter((_, index) => found.parts[index] === '*').map((part) => decodePart(part));
  return answer(parts, request, names);
}
