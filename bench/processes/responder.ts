import { requestDriverFromArguments } from '../requests/index.js';
import { serveCommands } from './commands.js';

const driver = await requestDriverFromArguments();

serveCommands({
  /** Answers until the process ends; says where requesters connect. */
  async serve({ url }: { url: string }): Promise<{ url: string }> {
    return { url: await driver.serve(url) };
  },
});
