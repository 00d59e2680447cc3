import { type Client, connect } from 'modwire';

/** A client that ends its process when anything goes wrong: what it would measure afterwards is void. */
export async function connectClient(url: string, name: string): Promise<Client> {
  const client = await connect(url, { name, reconnect: false });
  client.on('error', (error) => {
    throw error;
  });
  client.on('disconnect', ({ code, detail }) => {
    throw new Error(`the broker closed the connection of ${name}: ${code} ${detail}`);
  });
  return client;
}
