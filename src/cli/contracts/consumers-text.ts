import type { UnreadableConsumer } from '../../broker/live-consumers.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import { count } from './count.js';

/** Who cannot read a version, as lines for people; none when everyone can. */
export function consumersText(consumers: readonly UnreadableConsumer[], style: Style): string[] {
  if (consumers.length === 0) return [];
  const services = consumers.filter(({ service }) => service !== undefined).length;
  const counts = [
    ...(consumers.length > services ? [count(consumers.length - services, 'subscription')] : []),
    ...(services > 0 ? [count(services, 'worker')] : []),
  ];
  const rows = consumers.map(({ client, filter, reads }) => [client || '(no name)', filter, reads.join(' ')]);
  return [
    style.yellow(`${counts.join(' and ')} connected now cannot read it:`),
    ...textTable([['client', 'filter', 'schemas that it reads'], ...rows], style),
  ];
}
