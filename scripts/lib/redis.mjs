/** The private Redis as a process: its start and its readiness. */
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { writePrivately } from './files.mjs';
import { STAGES } from './stages.mjs';

const READY_MS = 60_000;
const PING_MS = 1_000;

/**
 * @param {object} options
 * @param {import('./redis-binary.mjs').RedisBinary} options.binary
 * @param {string} options.folder
 * @param {number} options.port
 * @param {string} options.password
 * @param {boolean} options.durable
 * @param {string} options.logFile
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {import('./child.mjs').ChildSpec}
 */
export function redisSpec({ binary, folder, port, password, durable, logFile, env }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A file, because every user of the machine can read a command line.
  const config = join(folder, 'redis.conf');
  const settings = {
    bind: '127.0.0.1',
    port,
    dir: JSON.stringify(folder),
    requirepass: password,
    appendonly: durable ? 'yes' : 'no',
    save: '""',
    'maxmemory-policy': 'noeviction', // queues must never lose an entry
  };
  writePrivately(
    config,
    `${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join('\n')}\n`,
  );
  return {
    name: 'redis',
    kind: 'database',
    command: binary.path,
    args: [config],
    cwd: folder,
    env: { ...env, ...binary.env, LC_ALL: 'C' },
    logFile,
    url: `redis://127.0.0.1:${port}`,
    stage: STAGES.redis,
    stopSignal: 'SIGTERM',
    readyMs: READY_MS,
    isReady: () => answersPing(port, password),
  };
}

/** @param {{ port: number, password: string }} options */
export function redisUrl({ port, password }) {
  return `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

/**
 * @param {number} port
 * @param {string} password
 * @returns {Promise<boolean>} false while it still loads its data
 */
function answersPing(port, password) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const done = (/** @type {boolean} */ result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PING_MS, () => done(false));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('+PONG')) done(true);
      else if (answer.includes('-')) done(false);
    });
  });
}
