import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_STREAMS_OF_WORKSPACE } from '@wa-gate/contracts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { EventSource } from '../measure/event-source.ts';
import { forceCollection } from '../measure/forced-collection.ts';
import { residentBytes, watchCpu } from '../measure/process-cpu.ts';
import { percentile } from '../measure/statistics.ts';
import { createUnlinkedSessions, type UnlinkedSession } from '../measure/unlinked-sessions.ts';
import type { StreamsLoadOptions } from './options.ts';
import { SseCrowd, type StreamRequest } from './sse-crowd.ts';

/** What streams follow. */
type Case = 'each client its own session' | 'all clients of a workspace its sessions';

export interface FanOut {
  label: string;
  /** Events appended, and what clients got of them all together. */
  events: number;
  delivered: number;
  expected: number;
  /** From the first event until the last client had the last one. */
  seconds: number;
  /** Processor time of the gateway in these seconds; 1: a whole core. */
  cores: number;
  /** The same with the same events and no client. */
  idleCores: number;
  p50Ms: number;
  p99Ms: number;
}

export interface StreamsReport {
  clients: number;
  /** Bytes for each client that waits: resident after a collection, and in use. */
  residentPerClient: number;
  inUsePerClient: number;
  fanOuts: FanOut[];
}

/** Clients of the first reading of memory: what the first streams load stays. */
const FEW = 0.05;
const SETTLE_MS = 2_000;

/** Opens streams at the first gateway of a system without workers, and measures what they cost. */
export async function runStreams(
  system: System,
  { clients, rate, seconds }: StreamsLoadOptions,
  say: (text: string) => void = () => undefined,
): Promise<StreamsReport> {
  const gateway = system.process('gateway-1');
  const workspaces = Math.ceil(clients / EVENT_STREAMS_OF_WORKSPACE);
  say(`Making ${clients} sessions in ${workspaces} workspaces ...`);
  const sessions = await createUnlinkedSessions(system, { workspaces, sessions: clients });
  const source = await EventSource.open(system.services);
  const crowd = new SseCrowd(gateway.url);

  const requestOf = (of: Case, { sessionId, tenant }: UnlinkedSession): StreamRequest => ({
    path: of === 'each client its own session' ? `/api/sessions/${sessionId}/events/stream` : '/api/events/stream',
    apiKey: tenant.apiKey,
  });
  const openAll = async (of: Case, some: readonly UnlinkedSession[] = sessions) => {
    await crowd.open(some.map((session) => requestOf(of, session)));
    await sleep(SETTLE_MS);
  };
  const leave = async () => {
    crowd.close();
    await sleep(SETTLE_MS);
  };

  async function memory(): Promise<{ resident: number; inUse: number }> {
    await forceCollection(gateway);
    const { heapUsed, external } = await forceCollection(gateway);
    return { resident: residentBytes(gateway.pid), inUse: heapUsed + external };
  }

  async function run(eventsPerSecond: number): Promise<{ events: number; seconds: number; cores: number }> {
    const before = crowd.total;
    const begun = performance.now();
    const cpu = watchCpu([{ name: 'gateway', pid: gateway.pid, alone: true }]);
    const events = await source.run({
      rate: eventsPerSecond,
      seconds,
      sessionOf: (n) => sessions[n % sessions.length]!.id,
    });
    const expected = crowd.counts.length === 0 ? 0 : events * perEvent();
    await waitFor(() => crowd.total - before >= expected, { what: 'the last event', timeoutMs: 120_000, everyMs: 5 });
    const took = performance.now() - begun;
    return { events, seconds: took / 1_000, cores: cpu().gateway! / took };
  }
  let audience = 1;
  const perEvent = () => audience;

  async function fanOut(of: Case, eventsPerSecond: number): Promise<FanOut> {
    const idle = await run(eventsPerSecond);
    await openAll(of);
    audience = of === 'each client its own session' ? 1 : clients / workspaces;
    const latencies: number[] = [];
    crowd.onEvent = (name, at) => void latencies.push(at - source.plannedAt[name]!);
    const { events, ...measured } = await run(eventsPerSecond);
    crowd.onEvent = () => undefined;
    await sleep(500);
    const delivered = crowd.total;
    await leave();
    const label = `${of}, ${eventsPerSecond} events/s`;
    const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
    const found = {
      label,
      events,
      delivered,
      expected: events * audience,
      ...measured,
      idleCores: idle.cores,
      p50Ms,
      p99Ms,
    };
    say(JSON.stringify(found));
    return found;
  }

  try {
    // What is loaded and compiled once belongs to no client.
    await openAll('each client its own session');
    await run(Math.min(rate, 200));
    await leave();
    const few = Math.max(1, Math.round(clients * FEW));
    await openAll('each client its own session', sessions.slice(0, few));
    const atFew = await memory();
    await openAll('each client its own session', sessions.slice(few));
    const atAll = await memory();
    await leave();
    const perClient = (of: 'resident' | 'inUse') => (atAll[of] - atFew[of]) / (clients - few);
    const fanOuts = [
      await fanOut('each client its own session', rate),
      await fanOut('all clients of a workspace its sessions', Math.max(1, Math.round((rate * workspaces) / clients))),
    ];
    return { clients, residentPerClient: perClient('resident'), inUsePerClient: perClient('inUse'), fanOuts };
  } finally {
    crowd.close();
    await source.close();
  }
}
