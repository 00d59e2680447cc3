import { membersOf, numberOf, type Place, textOf } from '../../json-members.js';
import { consumerFault } from '../../routing/consumers/consumer-rules.js';
import type { OperationTable } from '../streams/operations.js';
import type { Consumers } from './consumers.js';

/** What clients may do with durable consumers. docs/protocol.md lists it with what each is told and answers. */
export function consumerOperations(consumers: Consumers): OperationTable {
  return {
    'consumers.create': (argument) => consumers.create(argument),
    'consumers.info': (argument) => consumers.get(...namesIn(argument)).description,
    'consumers.list': (argument) => {
      const { stream } = membersOf(rootOf(argument), ['stream']);
      return { consumers: consumers.list(textOf(stream)) };
    },
    'consumers.update': (argument) => consumers.update(argument),
    'consumers.pause': (argument) => {
      const { stream, name, until } = membersOf(rootOf(argument), ['stream', 'name'], ['until']);
      return consumers.pause(textOf(stream), textOf(name), until === undefined ? undefined : timeOf(until));
    },
    'consumers.resume': (argument) => consumers.resume(...namesIn(argument)),
    'consumers.remove': (argument) => consumers.remove(...namesIn(argument)),
  };
}

function namesIn(argument: unknown): [stream: string, name: string] {
  const { stream, name } = membersOf(rootOf(argument), ['stream', 'name']);
  return [textOf(stream), textOf(name)];
}

/** Unix time in milliseconds. */
function timeOf(place: Place): number {
  const time = numberOf(place);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw consumerFault('time-range', place.where, { got: String(time) });
}

function rootOf(value: unknown): Place {
  return { value, where: '' };
}
