import type { CommandGroup } from '../command.js';
import { contractsBind, contractsUnbind } from './contracts-bind.js';
import { contractsDelete, contractsLevel, contractsRestore } from './contracts-change.js';
import { contractsCheck } from './contracts-check.js';
import { contractsDiff } from './contracts-diff.js';
import { contractsList } from './contracts-list.js';
import { contractsRegister } from './contracts-register.js';
import { contractsShow } from './contracts-show.js';

/** `modwire contracts`: schemas that payloads have to keep. */
export const contracts: CommandGroup = {
  name: 'contracts',
  summary: 'Check schemas, and manage the contracts of a broker.',
  details: [
    'A contract is a schema with versions, and bound to subjects: a broker refuses frames on them that break it. check ' +
      'and diff compare files without any broker; all else asks the one at --url.',
  ],
  commands: [
    contractsCheck,
    contractsDiff,
    contractsRegister,
    contractsList,
    contractsShow,
    contractsBind,
    contractsUnbind,
    contractsLevel,
    contractsDelete,
    contractsRestore,
  ],
};
