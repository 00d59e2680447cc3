import { ModwireError } from '../../errors.js';

/** Why records do not come that the stream has had. */
export function goneRecords(stream: string, first: number, last: number): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'the stream does not have these records any more',
    expected: 'records within its bounds',
    got: first === last ? `offset ${first}` : `offsets ${first} to ${last}`,
    where: `stream ${stream}`,
    advice: 'read sooner, or let the stream keep more',
  });
}

/** Why a record does not come whose bytes are not those that were stored. */
export function damagedRecord(stream: string, offset: number): ModwireError {
  return new ModwireError('DATA_LOSS', {
    what: 'a record of a stream is damaged: it does not fit its check',
    where: `stream ${stream}, offset ${offset}`,
    advice: 'what lies before and behind can be read; restore it from where it came from',
  });
}
