import { totalmem } from 'node:os';
import type { Queryable } from '@wa-gate/db';
import type { Redis } from '@wa-gate/kit';

export interface HealthDependencies {
  db: Queryable;
  redis: Redis;
  version: string;
}

export interface HealthService {
  /** PostgreSQL answers: without it nothing works. */
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
  metrics: { uptime: number; memory: { used: number; total: number }; cpu: number };
}

const CHECK_TIMEOUT_MS = 2_000;
const MEGABYTE = 1_048_576;

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

export function createHealthService({ db, redis, version }: HealthDependencies): HealthService {
  let anyConnected = false;

  const isReady = () => answers(db.query('SELECT 1'));

  async function lookForSessions(): Promise<void> {
    const { rowCount } = await db.query(`SELECT 1 FROM sessions WHERE state = 'CONNECTED' LIMIT 1`);
    anyConnected = rowCount === 1;
  }

  return {
    isReady,
    async report() {
      const [database, redisAnswers] = await Promise.all([answers(lookForSessions()), answers(redis.ping())]);
      const uptime = process.uptime();
      const { user, system } = process.cpuUsage();
      return {
        status: !database ? 'unhealthy' : redisAnswers ? 'healthy' : 'degraded',
        timestamp: new Date().toISOString(),
        version,
        services: {
          whatsapp: word(database && anyConnected),
          database: word(database),
          redis: word(redisAnswers),
          queue: redisAnswers ? 'running' : 'stopped',
        },
        metrics: {
          uptime: Math.round(uptime),
          memory: { used: Math.round(process.memoryUsage.rss() / MEGABYTE), total: Math.round(totalmem() / MEGABYTE) },
          cpu: Math.round((user + system) / uptime / 1_000) / 10,
        },
      };
    },
  };
}
