import type { CommandGroup } from '../command.js';

/** `modwire rollout`: a service goes from one version to another. */
export const rollout: CommandGroup = {
  name: 'rollout',
  summary: 'Move a service from one version to another, by steps that are judged.',
  details: [
    'A rollout divides the requests of a service between two versions and takes everything back when the new one fails. ' +
      'The broker at --url drives it; what is asked of it is asked over HTTP.',
  ],
  commands: [
    {
      name: 'start',
      summary: 'Begin to move a service from one version to another.',
      load: async () => (await import('./rollout-change.js')).rolloutStart,
    },
    {
      name: 'status',
      summary: 'Show where rollouts are, what both versions do, and what the next step waits for.',
      load: async () => (await import('./rollout-status.js')).rolloutStatus,
    },
    {
      name: 'promote',
      summary: 'Take the next step now, whatever the present one waits for.',
      load: async () => (await import('./rollout-change.js')).rolloutPromote,
    },
    {
      name: 'pause',
      summary: 'Take no further step until it is resumed; gates still take everything back.',
      load: async () => (await import('./rollout-change.js')).rolloutPause,
    },
    {
      name: 'resume',
      summary: 'Go on with a rollout that is paused.',
      load: async () => (await import('./rollout-change.js')).rolloutResume,
    },
    {
      name: 'rollback',
      summary: 'Send all requests to the stable version, for good.',
      load: async () => (await import('./rollout-change.js')).rolloutRollback,
    },
    {
      name: 'delete',
      summary: 'Forget a rollout that has ended: requests go where they would without it.',
      load: async () => (await import('./rollout-change.js')).rolloutDelete,
    },
  ],
};
