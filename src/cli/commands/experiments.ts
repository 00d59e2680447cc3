import type { CommandGroup } from '../command.js';
import { experimentsAssign } from './experiments-assign.js';
import { experimentsDelete, experimentsPut } from './experiments-change.js';
import { experimentsReport } from './experiments-report.js';
import { experimentsList, experimentsShow } from './experiments-show.js';

/** `modwire experiments`: how requests are divided among variants. */
export const experiments: CommandGroup = {
  name: 'experiments',
  summary: 'Divide requests among variants of a service, by key.',
  details: [
    'An experiment says to which versions of a service the requests of a subject go: each key to one variant, and all of ' +
      'them by weight. All commands ask the broker at --url.',
  ],
  commands: [
    experimentsList,
    experimentsShow,
    experimentsPut,
    experimentsDelete,
    experimentsAssign,
    experimentsReport,
  ],
};
