import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assertMasterKey, createPool, describeDatabaseFailure, type Pool } from '@wa-gate/db';
import { parseMasterKeys } from '@wa-gate/kit';
import { countStaleSessions } from '@wa-gate/messaging';
import { migrateProgram } from '../backup/migrate.ts';
import { type Finding, ok, problem, skipped, warning } from './check.ts';

const OLDEST_MAJOR = 14;
/**
 * More than any clock that is kept by NTP is off. Certificates, tokens and signatures of webhooks tolerate some
 * minutes.
 */
const SKEW = { warnMs: 2_000, problemMs: 30_000 };

interface ServerFacts {
  major: number;
  version: string;
  now: Date;
  inRecovery: boolean;
  fsync: string;
  synchronousCommit: string;
  walCompression: string;
  connections: number;
  maxConnections: number;
  mayWrite: boolean;
}

const FACTS = `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_version') AS version,
  clock_timestamp() AS now, pg_is_in_recovery() AS "inRecovery", current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS "synchronousCommit", current_setting('wal_compression') AS "walCompression",
  (SELECT count(*) FROM pg_stat_activity) AS connections, current_setting('max_connections')::int AS "maxConnections",
  has_schema_privilege('public', 'CREATE') AS "mayWrite"`;

/** Everything about PostgreSQL. The first finding says whether it answers; without an answer it is the only one. */
export async function checkDatabase(
  env: NodeJS.ProcessEnv,
): Promise<{ findings: Finding[]; major: number | undefined }> {
  const { DATABASE_URL: url, WAG_MASTER_KEY } = env;
  if (!url) return { findings: [skipped('PostgreSQL', 'no DATABASE_URL')], major: undefined };
  let pool: Pool | undefined;
  try {
    pool = createPool({ url, name: 'wag-cli', max: 1, connectTimeoutMs: 5_000 });
    // The time to connect must not count as a difference of the clocks.
    await pool.query('SELECT 1');
    const before = Date.now();
    const { rows } = await pool.query<ServerFacts>(FACTS);
    const facts = rows[0]!;
    const findings = [
      ...judgeServer(facts),
      judgeClock(facts.now.getTime() - (before + Date.now()) / 2),
      ...(await checkInstallation(pool, env)),
      await checkKey(pool, WAG_MASTER_KEY),
    ];
    return { findings, major: facts.major };
  } catch (error) {
    const found = describeDatabaseFailure(error, url) ?? (error as Error).message;
    return {
      findings: [
        problem('PostgreSQL', found, 'Check DATABASE_URL, and that PostgreSQL runs and lets this machine in.'),
      ],
      major: undefined,
    };
  } finally {
    await pool?.end();
  }
}

function judgeServer(facts: ServerFacts): Finding[] {
  const findings = [
    facts.major < OLDEST_MAJOR
      ? problem('PostgreSQL', `version ${facts.version}`, `Upgrade to ${OLDEST_MAJOR} or newer.`)
      : ok('PostgreSQL', `version ${facts.version} answers`),
  ];
  if (facts.inRecovery) {
    findings.push(
      problem(
        'PostgreSQL role',
        'this is a replica that follows another server',
        'DATABASE_URL must lead to the primary.',
      ),
    );
  }
  if (facts.fsync !== 'on' || facts.synchronousCommit === 'off') {
    const found = `fsync = ${facts.fsync}, synchronous_commit = ${facts.synchronousCommit}`;
    findings.push(
      problem('durability', found, 'Set both to on: a crash would lose accepted messages and bring old ratchets back.'),
    );
  } else findings.push(ok('durability', `fsync = on, synchronous_commit = ${facts.synchronousCommit}`));
  if (facts.walCompression === 'off') {
    findings.push(
      warning('log size', 'wal_compression = off', 'Set it to lz4 or on: a message writes a quarter less log.'),
    );
  }
  const share = `${facts.connections} of ${facts.maxConnections} connections`;
  findings.push(
    facts.connections > facts.maxConnections * 0.9
      ? warning('connections', share, 'Raise max_connections, or lower DATABASE_POOL_SIZE.')
      : ok('connections', share),
  );
  if (!facts.mayWrite) {
    findings.push(warning('database role', 'may not create tables', 'Migrations need CREATE on the schema public.'));
  }
  return findings;
}

function judgeClock(offMs: number): Finding {
  const found = `this machine is ${Math.abs(Math.round(offMs))} ms ${offMs > 0 ? 'behind' : 'ahead of'} PostgreSQL`;
  const advice = 'Run an NTP client (chrony, systemd-timesyncd) on both machines.';
  if (Math.abs(offMs) > SKEW.problemMs) return problem('clock', found, advice);
  return Math.abs(offMs) > SKEW.warnMs ? warning('clock', found, advice) : ok('clock', found);
}

async function checkInstallation(pool: Pool, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const applied = await pool
    .query<{ name: string }>('SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL')
    .then(({ rows }) => new Set(rows.map(({ name }) => name)))
    .catch(() => new Set<string>());
  const program = migrateProgram(env);
  if (!program) return [skipped('migrations', 'packages/db is not beside this program')];
  const folder = join(dirname(program), '..', '..', '..', 'prisma', 'migrations');
  const known = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  const missing = known.filter((name) => !applied.has(name));
  const newer = [...applied].filter((name) => !known.includes(name));
  if (missing.length > 0) {
    return [
      problem(
        'migrations',
        `${missing.length} missing, from ${missing.sort()[0]} on`,
        'node packages/db/bin/migrate.mjs, before the processes of this version start.',
      ),
    ];
  }
  const findings = [
    newer.length > 0
      ? warning(
          'migrations',
          `the database has ${newer.length} that this version does not know`,
          'Use the version that it was migrated for.',
        )
      : ok('migrations', `all ${known.length} applied`),
  ];
  const stale = await countStaleSessions(pool);
  if (stale > 0) {
    findings.push(
      warning(
        'recovery',
        `${stale} sessions have not connected since a restore or import`,
        'They renew their keys when they do; nothing is to be done.',
      ),
    );
  }
  return findings;
}

async function checkKey(pool: Pool, text: string | undefined): Promise<Finding> {
  if (!text) return skipped('master key', 'no WAG_MASTER_KEY');
  try {
    await assertMasterKey(pool, parseMasterKeys(text));
    return ok('master key', 'opens what is stored');
  } catch (error) {
    return problem(
      'master key',
      (error as Error).message,
      'Give the key with which the installation was begun. A new one opens nothing.',
    );
  }
}
