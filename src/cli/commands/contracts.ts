import type { CommandGroup } from '../command.js';

/** `modwire contracts`: schemas that payloads have to keep. */
export const contracts: CommandGroup = {
  name: 'contracts',
  summary: 'Check schemas, and manage the contracts of a broker.',
  details: [
    'A contract is a schema with versions, and bound to subjects: a broker refuses frames on them that break it. check ' +
      'and diff compare files without any broker; all else asks the one at --url.',
  ],
  commands: [
    {
      name: 'check',
      summary: 'Check whether a change of schemas breaks anyone.',
      load: async () => (await import('./contracts-check.js')).contractsCheck,
    },
    {
      name: 'diff',
      summary: 'Show what changed between two schemas.',
      load: async () => (await import('./contracts-diff.js')).contractsDiff,
    },
    {
      name: 'register',
      summary: 'Register a schema as a version of a contract.',
      load: async () => (await import('./contracts-register.js')).contractsRegister,
    },
    {
      name: 'list',
      summary: 'List contracts with their latest versions and bindings.',
      load: async () => (await import('./contracts-list.js')).contractsList,
    },
    {
      name: 'show',
      summary: 'Show a contract, or the schema of one of its versions.',
      load: async () => (await import('./contracts-show.js')).contractsShow,
    },
    {
      name: 'bind',
      summary: 'Bind subjects to a contract: from then on their frames have to keep it.',
      load: async () => (await import('./contracts-bind.js')).contractsBind,
    },
    {
      name: 'unbind',
      summary: 'Take back what bound subjects to a contract.',
      load: async () => (await import('./contracts-bind.js')).contractsUnbind,
    },
    {
      name: 'level',
      summary: 'Set the compatibility level of a contract.',
      load: async () => (await import('./contracts-change.js')).contractsLevel,
    },
    {
      name: 'delete',
      summary: 'Delete a version: frames of it are refused from then on.',
      load: async () => (await import('./contracts-change.js')).contractsDelete,
    },
    {
      name: 'restore',
      summary: 'Take back a deleted version.',
      load: async () => (await import('./contracts-change.js')).contractsRestore,
    },
  ],
};
