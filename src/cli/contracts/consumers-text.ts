import type { UnreadableConsumer } from '../../broker/live-consumers.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import { count } from './count.js';

/** Who cannot read a version, as lines for people; none when everyone can. */
export function consumersText(consumers: readonly UnreadableConsumer[], style: Style): string[] {
  if (consumers.length === 0) return [];
  const rows = consumers.map(({ client, filter, reads }) => [client || '(no name)', filter, reads.join(' ')]);
  return [
    style.yellow(`${count(consumers.length, 'subscription')} connected now cannot read it:`),
    ...textTable([['client', 'filter', 'schemas that it reads'], ...rows], style),
  ];
}
