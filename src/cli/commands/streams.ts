import type { CommandGroup } from '../command.js';

/** `modwire streams`: what a broker keeps of what is published. */
export const streams: CommandGroup = {
  name: 'streams',
  summary: 'Keep what is published, and do with it what is to be done.',
  details: [
    'A stream keeps the messages of some subjects, in memory or on disk. Who was away gets what it missed, consumers work through it, ' +
      'and it goes to a file and back. All commands ask the broker at --url.',
  ],
  commands: [
    {
      name: 'create',
      summary: 'Keep what is published on some subjects from now on.',
      load: async () => (await import('./streams-create.js')).streamsCreate,
    },
    {
      name: 'ls',
      summary: 'List streams with what they keep and hold.',
      load: async () => (await import('./streams-show.js')).streamsList,
    },
    {
      name: 'info',
      summary: 'Show a stream: what it keeps, its bounds, and what it holds.',
      load: async () => (await import('./streams-show.js')).streamsInfo,
    },
    {
      name: 'update',
      summary: 'Give a stream other bounds. What is not said stays.',
      load: async () => (await import('./streams-create.js')).streamsUpdate,
    },
    {
      name: 'purge',
      summary: 'Remove records of a stream: those that all flags select, or all there are.',
      load: async () => (await import('./streams-remove.js')).streamsPurge,
    },
    {
      name: 'rm',
      summary: 'Remove a stream with its records and consumers: its subjects go on without it.',
      load: async () => (await import('./streams-remove.js')).streamsRemove,
    },
    {
      name: 'replay',
      summary: 'Publish messages of a stream again, or ask another version what it would have answered.',
      load: async () => (await import('./streams-replay.js')).streamsReplay,
    },
    {
      name: 'export',
      summary: 'Write records of a stream to a file, to look at or to import elsewhere.',
      load: async () => (await import('./streams-transfer.js')).streamsExport,
    },
    {
      name: 'import',
      summary: 'Put the records of a file into a stream.',
      load: async () => (await import('./streams-transfer.js')).streamsImport,
    },
    {
      name: 'verify',
      summary: 'Hold every record of a stream, or of all, against its check.',
      load: async () => (await import('./streams-verify.js')).streamsVerify,
    },
  ],
};
