// A broker with one stream, as a process of its own. Arguments: its options and the stream's configuration, as JSON.
import { startBroker } from 'modwire/broker';

const [options, stream] = process.argv.slice(2).map((text) => JSON.parse(text));
const broker = await startBroker(options);
if (!broker.streams.list().some(({ config }) => config.name === stream.name)) {
  await broker.streams.create(stream);
}
process.send({ url: broker.url });
process.on('message', (question) => {
  if (question === 'info') process.send({ info: broker.streams.get(stream.name).info });
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
