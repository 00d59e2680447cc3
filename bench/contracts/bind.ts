/** Registers a schema with a broker over HTTP and binds subjects to it. Returns the schema's id, 32 hexadecimal digits. */
export async function registerContract(
  brokerUrl: string,
  contract: string,
  schema: Uint8Array,
  pattern: string | undefined,
): Promise<string> {
  const base = brokerUrl.replace(/^ws/, 'http');
  const registered = (await ask(`${base}/v1/contracts/${contract}/versions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: schema as BodyInit,
  })) as { version: { schemaId: string } };
  if (pattern !== undefined) {
    await ask(`${base}/v1/bindings`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ pattern, use: 'message', contract }),
    });
  }
  return registered.version.schemaId;
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
