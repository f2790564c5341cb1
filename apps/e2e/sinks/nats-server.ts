import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { debianCopy } from '../deploy/private-copy.ts';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Broker } from './broker.ts';

const USER = 'wa-gate';
const PASSWORD = 'the-password-of-nats';

/** Debian's NATS server with JetStream on disk, on a free port of loopback. */
export async function startNatsServer(): Promise<Broker> {
  const { home, libraries } = await debianCopy('nats-server', ['nats-server']);
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-nats-'));
  const port = await freePort();
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, '--user', USER, '--pass', PASSWORD];
  let child: ChildProcess | undefined;
  let output = '';

  async function start(): Promise<void> {
    const started = spawn(join(home, 'usr/sbin/nats-server'), args, {
      cwd: '/',
      env: { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    guardOrphan(started);
    started.stderr?.on('data', (chunk: Buffer) => (output += chunk));
    child = started;
    const isOver = () => started.exitCode !== null || started.signalCode !== null;
    const options = { what: 'the NATS server to accept connections' };
    await waitFor(async () => isOver() || (await accepts(port)), options).catch(() => undefined);
    if (isOver() || !(await accepts(port))) throw new Error(`The NATS server does not run:\n${output}`);
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  await start();
  return {
    url: `nats://${USER}:${PASSWORD}@127.0.0.1:${port}`,
    kill,
    start,
    async stop() {
      await kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
