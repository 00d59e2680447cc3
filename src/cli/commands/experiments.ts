import type { CommandGroup } from '../command.js';

/** `modwire experiments`: how requests are divided among variants. */
export const experiments: CommandGroup = {
  name: 'experiments',
  summary: 'Divide requests among variants of a service, by key.',
  details: [
    'An experiment says to which versions of a service the requests of a subject go: each key to one variant, and all of ' +
      'them by weight. All commands ask the broker at --url.',
  ],
  commands: [
    {
      name: 'list',
      summary: 'List experiments with their subjects and shares.',
      load: async () => (await import('./experiments-show.js')).experimentsList,
    },
    {
      name: 'show',
      summary: 'Show an experiment with its variants and their buckets.',
      load: async () => (await import('./experiments-show.js')).experimentsShow,
    },
    {
      name: 'put',
      summary: 'Add an experiment, or change the one of its name.',
      load: async () => (await import('./experiments-change.js')).experimentsPut,
    },
    {
      name: 'delete',
      summary: 'End an experiment: requests go to whoever serves their subject.',
      load: async () => (await import('./experiments-change.js')).experimentsDelete,
    },
    {
      name: 'assign',
      summary: 'Work out which variant keys belong to, and their buckets.',
      load: async () => (await import('./experiments-assign.js')).experimentsAssign,
    },
    {
      name: 'report',
      summary: 'Show in what replies to requests and to their copies differ.',
      load: async () => (await import('./experiments-report.js')).experimentsReport,
    },
  ],
};
