import type { Queryable } from '@wa-gate/db';
import { createSingleFlight, type Redis } from '@wa-gate/kit';
import type { ProcessFigures, ProcessMeter } from './process-meter.ts';

export interface HealthDependencies {
  db: Queryable;
  redis: Redis;
  meter: ProcessMeter;
  version: string;
  /** Whether the process is about to end, so that nobody new should come. @default never */
  isLeaving?: () => boolean;
}

export interface HealthService {
  /** PostgreSQL answers and has our tables, without which nothing works, and the process stays. */
  isReady(): Promise<boolean>;
  report(): Promise<HealthReport>;
}

export interface HealthReport {
  status: 'healthy' | 'degraded' | 'unhealthy';
  timestamp: string;
  version: string;
  services: {
    whatsapp: 'connected' | 'disconnected';
    database: 'connected' | 'disconnected';
    redis: 'connected' | 'disconnected';
    queue: 'running' | 'stopped';
  };
  metrics: ProcessFigures;
  details: { whatsapp: number | null };
}

const CHECK_TIMEOUT_MS = 2_000;

async function answers(check: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_TIMEOUT_MS);
  });
  const answer = check.then(
    () => true,
    () => false,
  );
  return Promise.race([answer, tooLate]).finally(() => clearTimeout(timer));
}

const word = (isConnected: boolean) => (isConnected ? 'connected' : 'disconnected');

/** A session that was stopped, or never linked, does not make the state degraded. */
const CONNECTED_SHARE = `SELECT count(*) FILTER (WHERE state = 'CONNECTED') AS connected, count(*) AS expected
  FROM sessions WHERE desired_state = 'RUNNING' AND paired_at IS NOT NULL`;

export function createHealthService(deps: HealthDependencies): HealthService {
  const { db, redis, meter, version, isLeaving = () => false } = deps;
  let connectedShare: number | null = null;
  /** Anybody may ask, and many at once ask the database once. */
  const singleFlight = createSingleFlight<boolean>();

  const isReady = async () => !isLeaving() && (await answers(db.query('SELECT 1 FROM installation')));

  async function lookForSessions(): Promise<void> {
    const { rows } = await db.query<{ connected: number; expected: number }>(CONNECTED_SHARE);
    const { connected, expected } = rows[0]!;
    connectedShare = expected === 0 ? null : Math.round((connected / expected) * 1_000) / 1_000;
  }

  return {
    isReady,
    async report() {
      const [database, redisAnswers] = await Promise.all([
        singleFlight('database', () => answers(lookForSessions())),
        singleFlight('redis', () => answers(redis.ping())),
      ]);
      const whatsapp = database ? connectedShare : null;
      return {
        status: !database ? 'unhealthy' : redisAnswers ? 'healthy' : 'degraded',
        timestamp: new Date().toISOString(),
        version,
        services: {
          whatsapp: word((whatsapp ?? 0) > 0),
          database: word(database),
          redis: word(redisAnswers),
          queue: redisAnswers ? 'running' : 'stopped',
        },
        metrics: meter.read(),
        details: { whatsapp },
      };
    },
  };
}
