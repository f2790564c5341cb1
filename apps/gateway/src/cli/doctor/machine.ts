import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { findPostgresTools } from '../backup/postgres-tools.ts';
import { type Finding, ok, problem, skipped, warning } from './check.ts';

/** Oldest versions that work; engines of package.json. */
const OLDEST_NODE = [20, 19] as const;
/** From here on sockets of Baileys do not slow each other down. */
const GOOD_NODE = 24;
const LOW_DISK = 0.1;
const OTHERS_MAY_READ = 0o077;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const found = `Node.js ${version}`;
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    return problem('Node.js', found, `Install ${OLDEST_NODE.join('.')} or newer; ${GOOD_NODE} is best.`);
  }
  return ok('Node.js', found);
}

/** Files and folders with secrets that others on this machine may read. */
export function checkPermissions(env: NodeJS.ProcessEnv): Finding {
  const { DATA_DIR } = env;
  const secrets =
    DATA_DIR && [DATA_DIR, `${DATA_DIR}/secrets`, `${DATA_DIR}/run.json`].filter((path) => existsSync(path));
  const files = [...(secrets || []), ...(env.WAG_KEY_FILE && existsSync(env.WAG_KEY_FILE) ? [env.WAG_KEY_FILE] : [])];
  if (files.length === 0) return skipped('permissions', 'no data folder (DATA_DIR) to look at');
  const open = files.filter((path) => (statSync(path).mode & OTHERS_MAY_READ) !== 0);
  if (open.length > 0) {
    return problem('permissions', `others may read ${open.join(', ')}`, `chmod go= ${open.join(' ')}`);
  }
  return ok('permissions', `only their owner may read ${files.join(', ')}`);
}

export async function checkDisk(path: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(existsSync(path) ? path : '.');
  const free = blocks === 0 ? 1 : bavail / blocks;
  const found = `${(free * 100).toFixed(0)} % of the disk of ${path} free (${Math.round((bavail * bsize) / 1e9)} GB)`;
  return free < LOW_DISK
    ? warning('disk', found, 'Make room: PostgreSQL stops when its disk is full.')
    : ok('disk', found);
}

/** Whether the port of the API is held by a gateway, or free for one. */
export async function checkPort(port: number, answers: boolean): Promise<Finding> {
  if (answers) return ok('port', `the gateway listens on ${port}`);
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
  if (isFree) return ok('port', `${port} is free for the gateway`);
  return problem('port', `something else listens on ${port}`, `End it, or choose another PORT.`);
}

export async function checkTools(env: NodeJS.ProcessEnv, serverMajor: number | undefined): Promise<Finding> {
  try {
    const { folder, major } = await findPostgresTools(env, 'pg_dump', serverMajor);
    return ok('backup tools', `pg_dump ${major} in ${folder}`);
  } catch (error) {
    return warning('backup tools', 'no pg_dump for this server', (error as Error).message);
  }
}

/** Whether something accepts connections there. */
export async function checkReachable(check: string, host: string, port: number, advice: string): Promise<Finding> {
  const reason = await new Promise<string | null>((resolve) => {
    const socket = connect({ host, port });
    const done = (result: string | null) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(5_000, () => done('no answer in 5 s'));
    socket.once('connect', () => done(null));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
  return reason === null
    ? ok(check, `${host}:${port} accepts connections`)
    : problem(check, `${host}:${port}: ${reason}`, advice);
}
