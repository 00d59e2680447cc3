import type { CommandGroup } from '../command.js';
import {
  rolloutDelete,
  rolloutPause,
  rolloutPromote,
  rolloutResume,
  rolloutRollback,
  rolloutStart,
} from './rollout-change.js';
import { rolloutStatus } from './rollout-status.js';

/** `modwire rollout`: a service goes from one version to another. */
export const rollout: CommandGroup = {
  name: 'rollout',
  summary: 'Move a service from one version to another, by steps that are judged.',
  details: [
    'A rollout divides the requests of a service between two versions and takes everything back when the new one fails. ' +
      'The broker at --url drives it; what is asked of it is asked over HTTP.',
  ],
  commands: [
    rolloutStart,
    rolloutStatus,
    rolloutPromote,
    rolloutPause,
    rolloutResume,
    rolloutRollback,
    rolloutDelete,
  ],
};
