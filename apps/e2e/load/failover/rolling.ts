import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';
import { untilAllConnected } from './watch.ts';

/** The counts of answers by kind of call: `202`, `503 SESSION_MOVING retry-after`, `ECONNREFUSED`. */
export type Answers = Record<'accept' | 'live', Record<string, number>>;

const RATE_MS = 40;
const CALM_MS = 1_000;

/**
 * Restarts every worker and every gateway by SIGTERM, one after the other, under accepts and live calls. A client whose
 * connection is refused uses the next gateway, as behind a load balancer; the answer there counts.
 */
export async function rollingRestart(
  { fleet, subjects }: Stage,
  graceMs: number,
): Promise<{ answers: Answers; seconds: number }> {
  const { system } = fleet;
  const answers: Answers = { accept: {}, live: {} };
  const clients = system.gateways.map(({ url }) => system.gatewayAt(url));
  let calls = 0;
  let isOver = false;

  async function call(kind: keyof Answers): Promise<void> {
    const turn = calls++;
    const { sessionId, apiKey, friend } = subjects.all[turn % subjects.all.length]!;
    const request =
      kind === 'accept'
        ? {
            path: `/api/sessions/${sessionId}/send?wait=queued`,
            call: {
              method: 'POST' as const,
              json: { to: friend, type: 'text', message: `rolling ${turn}` },
              headers: { 'idempotency-key': `rolling-${turn}` },
            },
          }
        : { path: `/api/sessions/${sessionId}/qr`, call: {} };
    for (let attempt = 0; attempt < clients.length; attempt++) {
      const client = clients[(turn + attempt) % clients.length]!.as(apiKey);
      try {
        const { status, headers, body } = await client.call<{ code?: string }>(request.path, request.call);
        const parts = [String(status), body?.code ?? '', status === 503 && headers['retry-after'] ? 'Retry-After' : ''];
        return note(kind, parts.filter(Boolean).join(' '));
      } catch (error) {
        const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
        if (attempt === clients.length - 1) note(kind, code ?? name);
      }
    }
  }
  const note = (kind: keyof Answers, what: string) => {
    answers[kind][what] = (answers[kind][what] ?? 0) + 1;
  };

  const running = new Set<Promise<void>>();
  const load = (async () => {
    while (!isOver) {
      for (const kind of ['accept', 'live'] as const) {
        const one = call(kind).finally(() => running.delete(one));
        running.add(one);
      }
      await sleep(RATE_MS);
    }
    await Promise.all(running);
  })();

  const begun = performance.now();
  for (const { name } of [...system.workers, ...system.gateways]) {
    await sleep(CALM_MS);
    await fleet.end(name, 'SIGTERM', graceMs);
    await fleet.start(name);
    await untilAllConnected(system, subjects.all.length, 120_000);
  }
  const seconds = (performance.now() - begun) / 1_000;
  isOver = true;
  await load;
  return { answers, seconds };
}
