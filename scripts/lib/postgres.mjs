/** The private PostgreSQL as a process: its start, its readiness, its stop. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGES } from './stages.mjs';
import { runAs } from './unprivileged.mjs';

const READY_LINE = 7;
/** Long enough for a recovery after a crash. */
const READY_MS = 120_000;
/** After a checkpoint the first change of a page logs the whole page: compressed, a message writes a quarter less. */
const DURABLE = ['wal_compression=on'];
/** Settings without durability and replication. */
const NOT_DURABLE = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
];

/**
 * @param {object} options
 * @param {import('./postgres-cluster.mjs').Cluster} options.cluster
 * @param {number} options.port
 * @param {boolean} options.durable false only for throwaway data
 * @param {string} options.logFile
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {import('./child.mjs').ChildSpec}
 */
export function postgresSpec({ cluster, port, durable, logFile, env }) {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    ...(durable ? DURABLE : NOT_DURABLE),
  ];
  const args = ['-D', cluster.data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  return {
    name: 'postgres',
    kind: 'database',
    ...runAs(cluster.identity, join(cluster.bin, 'postgres'), args),
    cwd: '/',
    env: { ...env, LC_ALL: 'C' },
    logFile,
    url: `postgresql://127.0.0.1:${port}`,
    stage: STAGES.postgres,
    stopSignal: 'SIGINT', // "fast": disconnects clients, writes a checkpoint
    readyMs: READY_MS,
    isReady: async (pid) => isPostmasterReady(cluster.data, pid),
  };
}

/**
 * Reads the status that the server writes, because it accepts connections long before queries.
 * @param {string} data
 * @param {number} pid
 */
function isPostmasterReady(data, pid) {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    // The pid is the same inside a user namespace: only user ids are mapped.
    return Number(lines[0]) === pid && lines[READY_LINE]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/**
 * @param {{ port: number, password: string, database: string }} options
 */
export function postgresUrl({ port, password, database }) {
  return `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}
