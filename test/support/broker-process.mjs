// A broker as a process of its own, so that its memory can be watched: options as JSON in the first argument.
import { startBroker } from 'modwire/broker';

const broker = await startBroker(JSON.parse(process.argv[2] ?? '{}'));
process.send?.({ url: broker.url });
process.on('message', (question) => {
  if (question === 'stats') process.send?.({ stats: broker.stats() });
});
process.on('disconnect', () => broker.close());
