import { setTimeout as sleep } from 'node:timers/promises';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { EventSource } from '../measure/event-source.ts';
import { makeInParallel } from '../measure/in-parallel.ts';
import { percentile } from '../measure/statistics.ts';
import { createUnlinkedSessions } from '../measure/unlinked-sessions.ts';
import { EventReceiver } from './event-receiver.ts';

/** What one of the endpoints does: `silent` takes events and does not answer, `refused` has no connection. */
export type Condition = 'alive' | 'silent' | 'refused';

export interface DeadEndpointRun {
  condition: Condition;
  events: number;
  p50Ms: number;
  p99Ms: number;
}

const CONDITIONS: readonly Condition[] = ['alive', 'silent', 'alive', 'refused'];
const WORKSPACES = 10;
/** The endpoint that is dead in some runs. */
const DEAD = '/0';
const WARM_UP_S = 10;

/** Latencies of all endpoints but one, from the planned time of an event to its arrival, while that one is dead. */
export async function runDeadEndpoint(
  system: System,
  { endpoints, rate, seconds, rounds }: { endpoints: number; rate: number; seconds: number; rounds: number },
  say: (text: string) => void = () => undefined,
): Promise<DeadEndpointRun[]> {
  const receiver = await new EventReceiver().start();
  let dead = await new EventReceiver().start();
  const deadPort = dead.port;
  const source = await EventSource.open(system.services);
  const latencies: number[] = [];
  const arrived = new Set<string>();
  let isDeadBack = 0;
  let deadSecret = '';
  const listen = (to: EventReceiver) => {
    to.onEvent = (path, { data }, at) => {
      arrived.add(`${path} ${data.waMessageId}`);
      if (path === DEAD) isDeadBack += 1;
      else latencies.push(at - source.plannedAt[Number(data.waMessageId)]!);
    };
  };
  listen(receiver);
  listen(dead);
  try {
    say(`Making ${endpoints} sessions with an endpoint each ...`);
    const sessions = await createUnlinkedSessions(system, { workspaces: WORKSPACES, sessions: endpoints });
    await makeInParallel(0, endpoints, async (n) => {
      const path = `/${n}`;
      const at = path === DEAD ? dead : receiver;
      const { sessionId, tenant } = sessions[n]!;
      const { secret } = await tenant.api.setWebhook(sessionId, { url: at.urlOf(path), events: ['message.received'] });
      at.know(path, secret);
      if (path === DEAD) deadSecret = secret;
    });

    const run = async (condition: Condition, time: number): Promise<DeadEndpointRun> => {
      if (condition === 'silent') dead.silent.add(DEAD);
      if (condition === 'refused') await dead.close();
      // The endpoint is found dead before the measured time.
      const sessionOf = (n: number) => sessions[n % endpoints]!.id;
      if (condition !== 'alive') await source.run({ rate, seconds: 2, sessionOf });
      await sleep(500);
      latencies.length = 0;
      const before = arrived.size;
      const backBefore = isDeadBack;
      const events = await source.run({ rate, seconds: time, sessionOf });
      const others = [...Array(events).keys()].filter((n) => n % endpoints !== 0).length;
      await waitFor(() => latencies.length >= others, {
        what: 'the events of the others',
        timeoutMs: 60_000,
        everyMs: 5,
      });
      const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
      const found = { condition, events, p50Ms, p99Ms };
      if (condition === 'silent') dead.answerAgain(DEAD);
      if (condition === 'refused') {
        dead = await new EventReceiver().start(deadPort);
        dead.know(DEAD, deadSecret);
        listen(dead);
      }
      if (condition !== 'alive') {
        await waitFor(() => isDeadBack - backBefore >= Math.floor(events / endpoints), {
          what: 'the events of the endpoint that is back',
          timeoutMs: 60_000,
          everyMs: 50,
        });
      }
      say(`${JSON.stringify(found)}, ${arrived.size - before} arrived`);
      return found;
    };
    await run('alive', WARM_UP_S);
    const runs: DeadEndpointRun[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const condition of CONDITIONS) runs.push(await run(condition, seconds));
    }
    if (receiver.badSignatures + dead.badSignatures > 0) throw new Error('There were bad signatures');
    return runs;
  } finally {
    await source.close();
    await receiver.close();
    await dead.close();
  }
}
