import { decodePart } from './http-input.js';
import { type HttpReply, type HttpRequest, notAllowed, problem, problemOf } from './http-message.js';

/** Answers a request; `names` are the parts of the path that the route leaves open, decoded. */
export type RouteAnswer<Parts> = (
  parts: Parts,
  request: HttpRequest,
  names: readonly string[],
) => HttpReply | Promise<HttpReply>;

/** Answers by path and method; `*` stands for any part of a path. */
export type RouteTable<Parts> = Readonly<Record<string, Readonly<Record<string, RouteAnswer<Parts>>>>>;

/** Answers requests by a table of routes. */
export class HttpTable<Parts> {
  readonly #routes;

  constructor(table: RouteTable<Parts>) {
    this.#routes = Object.entries(table).map(([path, methods]) => ({
      path,
      parts: path.split('/'),
      methods: new Map(Object.entries(methods)),
    }));
  }

  /** Never rejects. */
  async answer(request: HttpRequest, parts: Parts): Promise<HttpReply> {
    try {
      return await this.#route(request, parts);
    } catch (thrown) {
      return problemOf(thrown);
    }
  }

  async #route(request: HttpRequest, parts: Parts): Promise<HttpReply> {
    const { method, path } = request;
    const given = path.split('/');
    const found = this.#routes.find(
      (one) =>
        one.parts.length === given.length &&
        one.parts.every((part, index) => (part === '*' ? given[index] !== '' : part === given[index])),
    );
    if (found === undefined) {
      const known = this.#routes.map((one) => one.path).join(', ');
      return problem(404, 'NOT_FOUND', `nothing at ${path}: expected one of ${known}`);
    }
    // The transport leaves the body out.
    const answer = found.methods.get(method === 'HEAD' ? 'GET' : method);
    if (answer === undefined) return notAllowed(method, [...found.methods.keys()]);
    const names = given.filter((_, index) => found.parts[index] === '*').map((part) => decodePart(part));
    return answer(parts, request, names);
  }
}
