import type { Purge } from '../../codec/stream-description.js';
import { membersOf, numberOf, type Place, textOf } from '../../json-members.js';
import { badInput } from '../http-input.js';
import type { OperationTable } from './operations.js';
import { verifyStream } from './stream-verification.js';
import type { Streams } from './streams.js';

/** What clients may do with streams. docs/protocol.md lists it with what each is told and answers. */
export function streamOperations(streams: Streams): OperationTable {
  return {
    'streams.create': (argument) => streams.create(argument),
    'streams.info': (argument) => streams.get(nameIn(argument)),
    'streams.list': (argument) => {
      membersOf(rootOf(argument), []);
      return { streams: streams.list() };
    },
    'streams.update': (argument) => streams.update(argument),
    'streams.purge': async (argument) => {
      const { name, ...members } = membersOf(rootOf(argument), ['name'], ['filter', 'before', 'keep']);
      return { removed: await streams.purge(textOf(name), purgeOf(members)) };
    },
    'streams.verify': (argument) => {
      const { name, from } = membersOf(rootOf(argument), ['name'], ['from']);
      return verifyStream(streams.logOf(textOf(name)), from === undefined ? 1 : offsetOf(from));
    },
    'streams.remove': (argument) => streams.remove(nameIn(argument)),
  };
}

/** An offset of a stream. Throws INVALID_ARGUMENT. */
export function offsetOf(place: Place): number {
  return wholeOf(place, 1);
}

function purgeOf({ filter, before, keep }: { filter?: Place; before?: Place; keep?: Place }): Purge {
  return {
    ...(filter !== undefined && { filter: textOf(filter) }),
    ...(before !== undefined && { before: offsetOf(before) }),
    ...(keep !== undefined && { keep: wholeOf(keep, 0) }),
  };
}

function wholeOf(place: Place, min: number): number {
  const value = numberOf(place);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw badInput(place.where, `a whole number from ${min} on`, value);
}

function nameIn(argument: unknown): string {
  return textOf(membersOf(rootOf(argument), ['name']).name);
}

function rootOf(value: unknown): Place {
  return { value, where: '' };
}
