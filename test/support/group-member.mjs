// A member of a group that says which messages of the subject `jobs` it has got.
import { connect } from 'modwire';

const [url, group] = process.argv.slice(2);
const client = await connect(url, { name: 'group-member' });
await client.subscribe('jobs', { group }, ({ sequence }) => process.send({ got: sequence }));
process.send({ ready: true });
process.on('disconnect', () => client.close());
