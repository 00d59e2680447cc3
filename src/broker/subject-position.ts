import type { CountPosition } from './detours.js';
import type { BrokerSubject } from './session.js';

/** Of the last frame of a subject that was delivered: what its stream does not have yet is not. */
export function deliveredPosition({ epoch, sequence, gate }: BrokerSubject): CountPosition {
  return { epoch, sequence: sequence - (gate?.keeping ?? 0) };
}

/** Whether frames have been delivered behind a place in the count. */
export function isBehind(position: CountPosition, subject: BrokerSubject): boolean {
  const { epoch, sequence } = deliveredPosition(subject);
  return position.epoch < epoch || (position.epoch === epoch && position.sequence < sequence);
}
