// The callers, in a process of their own, so that it can be pinned to one core. It reads one job from stdin and writes
// its result to stdout. As fast as they can, callers are autocannon's. At a rate they are not: autocannon sends what
// belongs to a second at its beginning, as fast as it can.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import { Client } from 'undici';
import { runOpenLoop } from '../measure/open-loop.ts';

/** One request of a customer. Connection i repeats number i. */
export interface Shot {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface CannonJob {
  url: string;
  connections: number;
  seconds: number;
  /** Requests per second of all connections together, begun at equal distances; unlimited when absent. */
  rate?: number | undefined;
  shots: Shot[];
}

export interface CannonResult {
  requestsPerSecond: number;
  /** Milliseconds; at a rate since the planned beginning. */
  latency: { average: number; p50: number; p99: number; max: number };
  ok: number;
  /** Answers with another status than 2xx, by status. */
  refused: Record<string, number>;
  errors: number;
}

const job = JSON.parse(await text(process.stdin)) as CannonJob;
const { rate } = job;
process.stdout.write(JSON.stringify(await (rate === undefined ? fireAtWill(job) : firePaced({ ...job, rate }))));

async function fireAtWill({ url, connections, seconds, shots }: CannonJob): Promise<CannonResult> {
  let next = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 30,
    setupClient(client) {
      const shot = shots[next++ % shots.length]!;
      client.setRequests([shot]);
    },
  });
  const { requests, latency, errors } = result;
  const refused = Object.fromEntries(
    Object.entries(result.statusCodeStats ?? {})
      .filter(([status]) => !status.startsWith('2'))
      .map(([status, { count }]) => [status, count ?? 0]),
  );
  return {
    requestsPerSecond: requests.average,
    latency: { average: latency.average, p50: latency.p50, p99: latency.p99, max: latency.max },
    ok: result['2xx'],
    refused,
    errors,
  };
}

async function firePaced(job: CannonJob & { rate: number }): Promise<CannonResult> {
  const { url, connections, seconds, rate, shots } = job;
  const clients = Array.from({ length: connections }, () => new Client(url, { bodyTimeout: 30_000 }));
  const latencies = createHistogram();
  const statuses = new Map<number, number>();
  const shoot = async (index: number, latency?: RecordableHistogram, plannedAt = 0): Promise<void> => {
    const connection = index % connections;
    const answer = await clients[connection]!.request(shots[connection % shots.length]!);
    await answer.body.dump();
    if (!latency) return;
    latency.record(Math.max(1, Math.round((performance.now() - plannedAt) * 1_000)));
    statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
  };
  try {
    await Promise.all(clients.map((_, index) => shoot(index)));
    const start = performance.now();
    const { failures } = await runOpenLoop({ rate, seconds }, (index, plannedAt) => shoot(index, latencies, plannedAt));
    const tookSeconds = (performance.now() - start) / 1_000;
    const answers = [...statuses];
    const milliseconds = (microseconds: number) => microseconds / 1_000;
    return {
      requestsPerSecond: latencies.count / tookSeconds,
      latency: {
        average: milliseconds(latencies.mean),
        p50: milliseconds(latencies.percentile(50)),
        p99: milliseconds(latencies.percentile(99)),
        max: milliseconds(latencies.max),
      },
      ok: sum(answers.filter(([status]) => status < 300)),
      refused: Object.fromEntries(answers.filter(([status]) => status >= 300)),
      errors: failures,
    };
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

function sum(counts: ReadonlyArray<readonly [number, number]>): number {
  return counts.reduce((all, [, count]) => all + count, 0);
}
