import type { Network, Queryable } from '@wa-gate/db';
import { survey } from './brake.ts';
import { leaseStates } from './lease-states.ts';
import type { ClusterTiming } from './timing.ts';

/** A registered worker with what the signal needs. */
export interface FleetWorker {
  network: Network;
  /** `ready`: gets sessions. `aside`: runs, but an administrator or its own shutdown keeps new sessions away. */
  kind: 'ready' | 'aside' | 'offline';
  capacity: number;
  /** `null` while its process is young: the load of a start is no measure. */
  cpuUsage: number | null;
  memoryUsage: number;
}

/** The figures of one network from which the signal is computed. */
export interface FleetSurvey {
  network: Network;
  workers: FleetWorker[];
  /** Sessions that should run. */
  sessions: number;
  /** Those without a living worker. */
  waiting: number;
}

/** Reads the figures of all networks with workers or sessions. */
export async function surveyFleet(db: Queryable, timing: ClusterTiming): Promise<FleetSurvey[]> {
  const [{ waiting }, workers, sessions] = await Promise.all([
    survey(db, timing),
    db.query<FleetWorker>(
      `WITH ${leaseStates(timing)}
       SELECT w.network, w.max_sessions AS capacity, coalesce(l.memory_usage, 0) AS "memoryUsage",
         CASE WHEN NOT l.is_young THEN l.cpu_usage END AS "cpuUsage",
         CASE WHEN l.is_heard IS NOT TRUE THEN 'offline'
           WHEN w.admin_state = 'ACTIVE' AND l.runtime_state = 'READY' THEN 'ready' ELSE 'aside' END AS kind
       FROM workers w LEFT JOIN leases l ON l.worker_id = w.id ORDER BY w.id`,
    ),
    db.query<{ network: Network; sessions: number }>(
      `SELECT network, count(*) AS sessions FROM sessions WHERE desired_state = 'RUNNING' GROUP BY network`,
    ),
  ]);
  const networks = [...new Set([...workers.rows, ...sessions.rows].map(({ network }) => network))].sort();
  return networks.map((network) => ({
    network,
    workers: workers.rows.filter((worker) => worker.network === network),
    sessions: sessions.rows.find((row) => row.network === network)?.sessions ?? 0,
    waiting: waiting.get(network) ?? 0,
  }));
}

export type ScalingTrigger = 'sessions' | 'waiting' | 'cpu' | 'memory' | 'minimum' | 'aside' | 'hysteresis';

/** One reason for a number of workers. */
export interface ScalingReason {
  trigger: ScalingTrigger;
  /** The number of workers by this reason alone. */
  workers: number;
  sentence: string;
}

/** The recommended number of workers of one network. */
export interface ScalingSignal {
  network: Network;
  workers: Record<FleetWorker['kind'], number>;
  capacity: number;
  sessions: number;
  waiting: number;
  /** Sessions divided by capacity. */
  usage: number;
  avgCpuUsage: number;
  avgMemoryUsage: number;
  /** The number of processes, those aside included, because the autoscaler counts processes. */
  desired: number;
  advice: 'up' | 'hold' | 'down';
  reasons: ScalingReason[];
}

/** The target is `full` of the capacity. Above `cpuUsage` and `memoryUsage` (percent) a worker is overloaded. */
const MARKS = { full: 0.7, cpuUsage: 80, memoryUsage: 90 } as const;
/** A worker is removed only if the others stay below these values. Otherwise it would be added again at once. */
const MARKS_DOWN = { full: 0.6, cpuUsage: 60, memoryUsage: 75 } as const;
const DEFAULT_CAPACITY = 50;

const mean = (values: readonly number[]): number =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Computes the number of workers of a network. It is a function of the rows, so every gateway gets the same result. */
export function scalingSignal({ network, workers, sessions, waiting }: FleetSurvey): ScalingSignal {
  const ready = workers.filter(({ kind }) => kind === 'ready');
  const aside = workers.filter(({ kind }) => kind === 'aside').length;
  const capacity = ready.reduce((sum, worker) => sum + worker.capacity, 0);
  const known = ready.length ? ready : workers;
  const perWorker = known.length ? mean(known.map((worker) => worker.capacity)) : DEFAULT_CAPACITY;
  const avgCpuUsage = mean(ready.flatMap(({ cpuUsage }) => (cpuUsage === null ? [] : [cpuUsage])));
  const avgMemoryUsage = mean(ready.map(({ memoryUsage }) => memoryUsage));
  const usage = capacity ? sessions / capacity : 0;

  const reasons: ScalingReason[] = [];
  const ask = (trigger: ScalingTrigger, count: number, sentence: string): number => {
    reasons.push({ trigger, workers: count, sentence });
    return count;
  };
  const wants = [
    ask(
      'sessions',
      Math.ceil(sessions / (perWorker * MARKS.full)),
      `${sessions} sessions should run, and a worker should be at most ${percent(MARKS.full)} full of ${Math.round(perWorker)}.`,
    ),
  ];
  if (ready.length || sessions) wants.push(ask('minimum', 1, 'A network that is used keeps one worker.'));
  if (waiting > 0)
    wants.push(
      ask(
        'waiting',
        ready.length + Math.ceil(Math.max(waiting - Math.max(capacity - (sessions - waiting), 0), 0) / perWorker),
        `${waiting} sessions wait for a worker.`,
      ),
    );
  if (avgCpuUsage > MARKS.cpuUsage)
    wants.push(
      ask(
        'cpu',
        Math.ceil((ready.length * avgCpuUsage) / MARKS.cpuUsage),
        `The workers use ${Math.round(avgCpuUsage)} % of a processor on average, above ${MARKS.cpuUsage} %.`,
      ),
    );
  if (avgMemoryUsage > MARKS.memoryUsage)
    wants.push(
      ask(
        'memory',
        ready.length + 1,
        `The workers use ${Math.round(avgMemoryUsage)} % of their memory on average, above ${MARKS.memoryUsage} %.`,
      ),
    );
  let needed = Math.max(...wants);
  if (needed < ready.length) {
    const load = { sessions, perWorker, cpu: ready.length * avgCpuUsage, memory: ready.length * avgMemoryUsage };
    const kept = fewest(needed, ready.length, load);
    if (kept > needed)
      ask(
        'hysteresis',
        kept,
        `Fewer would be above ${percent(MARKS_DOWN.full)} of their sessions, ${MARKS_DOWN.cpuUsage} % of a processor or ${MARKS_DOWN.memoryUsage} % of memory.`,
      );
    needed = kept;
  }
  if (aside) ask('aside', needed + aside, `${aside} running workers take no sessions and come on top.`);
  return {
    network,
    workers: { ready: ready.length, aside, offline: workers.length - ready.length - aside },
    capacity,
    sessions,
    waiting,
    usage,
    avgCpuUsage,
    avgMemoryUsage,
    desired: needed + aside,
    advice: needed > ready.length ? 'up' : needed < ready.length ? 'down' : 'hold',
    reasons,
  };
}

/** The smallest number from `from` on that stays below the lower marks; `to` when none does. */
function fewest(
  from: number,
  to: number,
  { sessions, perWorker, cpu, memory }: { sessions: number; perWorker: number; cpu: number; memory: number },
): number {
  for (let count = from; count < to; count += 1) {
    const isCalm =
      sessions <= count * perWorker * MARKS_DOWN.full &&
      cpu <= count * MARKS_DOWN.cpuUsage &&
      memory <= count * MARKS_DOWN.memoryUsage;
    if (isCalm) return count;
  }
  return to;
}
