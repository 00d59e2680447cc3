import type { CommandGroup } from '../command.js';
import { streamsCreate, streamsUpdate } from './streams-create.js';
import { streamsPurge, streamsRemove } from './streams-remove.js';
import { streamsReplay } from './streams-replay.js';
import { streamsInfo, streamsList } from './streams-show.js';
import { streamsExport, streamsImport } from './streams-transfer.js';
import { streamsVerify } from './streams-verify.js';

/** `modwire streams`: what a broker keeps of what is published. */
export const streams: CommandGroup = {
  name: 'streams',
  summary: 'Keep what is published, and do with it what is to be done.',
  details: [
    'A stream keeps the messages of some subjects, in memory or on disk. Who was away gets what it missed, consumers work through it, ' +
      'and it goes to a file and back. All commands ask the broker at --url.',
  ],
  commands: [
    streamsCreate,
    streamsList,
    streamsInfo,
    streamsUpdate,
    streamsPurge,
    streamsRemove,
    streamsReplay,
    streamsExport,
    streamsImport,
    streamsVerify,
  ],
};
