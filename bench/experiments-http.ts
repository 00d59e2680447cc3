/** An experiment as `PUT /v1/experiments/NAME` takes it. */
interface PutExperiment {
  readonly name: string;
  readonly [member: string]: unknown;
}

/** What `GET /v1/experiments/NAME/report` tells, as far as the benchmark reads it. */
interface MirrorReport {
  readonly mirrored: number;
  readonly differences: { readonly requests: number; readonly differing: number };
}

/** Has the broker at `brokerUrl` divide requests. */
export async function putExperiment(brokerUrl: string, experiment: PutExperiment): Promise<void> {
  await answerOf(brokerUrl, experiment.name, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(experiment),
  });
}

export async function mirrorReport(brokerUrl: string, experiment: string): Promise<MirrorReport> {
  const answer = await answerOf(brokerUrl, `${experiment}/report`);
  return (await answer.json()) as MirrorReport;
}

/** Forgets what was counted so far. */
export async function resetMirrorReport(brokerUrl: string, experiment: string): Promise<void> {
  await answerOf(brokerUrl, `${experiment}/report`, { method: 'DELETE' });
}

async function answerOf(brokerUrl: string, path: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(`${brokerUrl.replace(/^ws/, 'http')}/v1/experiments/${path}`, init);
  if (!answer.ok) throw new Error(`experiment ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}
