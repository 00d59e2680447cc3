import type { CommandEntry, Heading, TableCommand } from '../command.js';
import { COMMAND_TABLE } from './command-table.js';

/**
 * Every command with its usage and options, in the order of the help: for those who want all, such as the
 * documentation. It loads what no command alone needs: never import it from the command line itself.
 */
export const COMMANDS = await Promise.all(
  COMMAND_TABLE.map(async (command) => {
    if ('delegate' in command) return command;
    if ('load' in command) return whole(command);
    return { ...command, commands: await Promise.all(command.commands.map(whole)) };
  }),
);

async function whole({ name, summary, load }: CommandEntry): Promise<Heading & TableCommand> {
  return { name, summary, ...(await load()) };
}
