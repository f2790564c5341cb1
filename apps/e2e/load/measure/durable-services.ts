import { statfsSync } from 'node:fs';
import { createLogger, createRedis } from '@wa-gate/kit';
import pg from 'pg';
import { ownCheckout } from '../../harness/checkout.ts';
import { prepareServices, type Services } from '../../harness/services.ts';
import { startPrivateDatabases } from './private-databases.ts';
import type { WatchedProcess } from './process-cpu.ts';
import { countStatements } from './statements.ts';

export interface DurableServices extends Services {
  /** PostgreSQL and Redis, to be measured. */
  processes: WatchedProcess[];
  description: string;
}

const TMPFS_MAGIC = 0x01021994;

/**
 * A PostgreSQL that really writes: the one that was named (`TEST_DATABASE_URL`, with `TEST_REDIS_URL`), else a private
 * one, which counts statements. Refuses to go on when fsync is off or the data lies in memory, because the figures
 * would not mean what they say. The database is made by the migrations of the checkout that is measured.
 */
export async function provideDurableServices(checkout = ownCheckout): Promise<DurableServices> {
  const own = process.env.TEST_DATABASE_URL ? undefined : await startPrivateDatabases();
  if (own) {
    process.env.TEST_DATABASE_URL = own.databaseUrl;
    process.env.TEST_REDIS_URL = own.redisUrl;
  }
  try {
    if (own) await countStatements(own);
    const services = await prepareServices(undefined, checkout);
    if (own) await services.pool.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    const postgres = await inspectPostgres(process.env.TEST_DATABASE_URL!);
    const redisPid = await readRedisPid(services.redisUrl);
    return {
      ...services,
      processes: [
        { name: 'postgres', pid: postgres.pid },
        { name: 'redis', pid: redisPid },
      ],
      description: `${postgres.version}, fsync ${postgres.fsync}, synchronous_commit ${postgres.synchronousCommit}`,
      async release() {
        await services.release();
        await own?.stop();
      },
    };
  } catch (error) {
    await own?.stop();
    throw error;
  }
}

async function inspectPostgres(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string>>(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('data_directory') AS folder,
        split_part(version(), ' on ', 1) AS version, split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid`,
    );
    const row = rows[0]!;
    if (row.fsync !== 'on' || row.commit === 'off') {
      throw new Error(
        `fsync is ${row.fsync} and synchronous_commit ${row.commit}: such figures say nothing about durability`,
      );
    }
    if (statfsSync(row.folder!).type === TMPFS_MAGIC)
      throw new Error(`${row.folder} lies in memory: fsync costs nothing there`);
    return { fsync: row.fsync, synchronousCommit: row.commit, version: row.version, pid: Number(row.pid) };
  } finally {
    await client.end();
  }
}

async function readRedisPid(url: string): Promise<number> {
  const redis = createRedis({ url, logger: createLogger({ service: 'load', level: 'silent' }), name: 'load' });
  await redis.connect();
  const info = await redis.info('server');
  redis.disconnect();
  return Number(/process_id:(\d+)/.exec(info)?.[1]);
}
