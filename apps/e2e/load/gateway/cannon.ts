// autocannon in a process of its own, so that it can be pinned to one core. It reads one job from stdin and writes its
// result to stdout.
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';

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
  /** Requests per second of all connections together; unlimited when absent. */
  rate?: number | undefined;
  shots: Shot[];
}

export interface CannonResult {
  requestsPerSecond: number;
  /** Milliseconds. */
  latency: { average: number; p50: number; p99: number; max: number };
  ok: number;
  /** Answers with another status than 2xx, by status. */
  refused: Record<string, number>;
  errors: number;
}

const job = JSON.parse(await text(process.stdin)) as CannonJob;
let next = 0;
const result = await autocannon({
  url: job.url,
  connections: job.connections,
  duration: job.seconds,
  timeout: 30,
  ...(job.rate !== undefined && { overallRate: job.rate }),
  setupClient(client) {
    const shot = job.shots[next++ % job.shots.length]!;
    client.setRequests([shot]);
  },
});
const { requests, latency, errors } = result;
const refused = Object.fromEntries(
  Object.entries(result.statusCodeStats ?? {})
    .filter(([status]) => !status.startsWith('2'))
    .map(([status, { count }]) => [status, count ?? 0]),
);
const told: CannonResult = {
  requestsPerSecond: requests.average,
  latency: { average: latency.average, p50: latency.p50, p99: latency.p99, max: latency.max },
  ok: result['2xx'],
  refused,
  errors,
};
process.stdout.write(JSON.stringify(told));
