import { once } from 'node:events';
import { createLogger, systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerProbe } from '../../worker-links/worker-probe.ts';
import { createHealthProbes, type HealthProbes } from './health-probes.ts';

const fixture = useGateway();
let probes: HealthProbes;
let asked: string[];
let outcomes: string[];
let lines: string[];
/** They answer only when nobody waits any more. */
let hanging: boolean;
/** Workers that do not answer now. */
let silent: Set<string>;
beforeAll(async () => {
  for (const id of ['w1', 'w2', 'gone']) await fixture.startWorker(id);
  await fixture.database.pool.query(`UPDATE worker_leases SET ended_at = now() WHERE worker_id = 'gone'`);
});
beforeEach(() => {
  asked = [];
  outcomes = [];
  lines = [];
  silent = new Set();
  hanging = false;
});
afterEach(() => probes.stop());

function probing(everyMs: number): HealthProbes {
  const probe: WorkerProbe = {
    async ask(_endpoint, workerId, _timeoutMs, end) {
      asked.push(workerId!);
      if (hanging) await once(end!, 'abort');
      return silent.has(workerId!)
        ? { kind: 'silent', error: new Error('no answer') }
        : { kind: 'worker', workerId: workerId!, incarnation: 1 };
    },
  };
  probes = createHealthProbes({
    db: fixture.database.pool,
    probe,
    clock: systemClock,
    logger: createLogger({ service: 'test', destination: { write: (text: string) => void lines.push(text) } }),
    everyMs,
    onProbed: (outcome) => outcomes.push(outcome),
  });
  return probes;
}

it('asks each worker with a lease, counts what came, and moves nothing (MR-090, MR-091)', async () => {
  silent.add('w2');
  const leases = () => fixture.database.pool.query('SELECT * FROM worker_leases ORDER BY worker_id');
  const before = (await leases()).rows;
  await probing(60_000).round();
  expect([asked.sort(), outcomes.sort()]).toEqual([
    ['w1', 'w2'],
    ['silent', 'worker'],
  ]);
  expect((await leases()).rows).toEqual(before);
});

it('says once that a worker does not answer, and once that it does again', async () => {
  const round = () => probes.round();
  probing(60_000);
  silent.add('w2');
  await round();
  await round();
  silent.clear();
  await round();
  await round();
  const told = lines.map((line) => JSON.parse(line) as { msg: string; workerId: string });
  expect(told.map(({ msg, workerId }) => [workerId, msg])).toEqual([
    ['w2', 'worker does not answer its health check'],
    ['w2', 'worker answers its health check again'],
  ]);
});

it('goes on by itself until it is stopped', async () => {
  probing(5).start();
  await waitFor(() => asked.length >= 6);
  await probes.stop();
});

it('does not hold up the end of the process', async () => {
  hanging = true;
  probing(5).start();
  await waitFor(() => asked.length === 2);
  await probes.stop();
  expect(lines).toEqual([]);
});
