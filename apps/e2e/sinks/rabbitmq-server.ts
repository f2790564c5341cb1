import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@wa-gate/testkit';
import { debianCopy } from '../deploy/private-copy.ts';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Broker } from './broker.ts';
import { accepts } from './nats-server.ts';

/** Debian's RabbitMQ, which can be made to believe that its disk is full. */
export interface RabbitmqServer extends Broker {
  /** The disk alarm: publishers are blocked from then on. */
  setDiskFull(isFull: boolean): Promise<void>;
}

/** More bytes than any disk has, and fewer than each. */
const [FULL, ROOMY] = ['900000GB', '1MB'];
const START_MS = 120_000;

export async function startRabbitmqServer(): Promise<RabbitmqServer> {
  const { home, libraries } = await debianCopy('rabbitmq-server', ['rabbitmq-server']);
  const erlang = join(home, 'usr/lib/erlang');
  await makeErlangMovable(erlang);
  const [version] = readdirSync(join(home, 'usr/lib/rabbitmq/lib'));
  const programs = join(home, 'usr/lib/rabbitmq/lib', version!, 'sbin');
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-rabbitmq-'));
  const [port, distribution, epmdPort] = [await freePort(), await freePort(), await freePort()];
  await writeFile(join(folder, 'rabbitmq.conf'), `disk_free_limit.absolute = ${ROOMY}\n`);
  await writeFile(join(folder, 'plugins'), '[].\n');
  const env: NodeJS.ProcessEnv = {
    PATH: [join(erlang, 'bin'), process.env.PATH].join(delimiter),
    LD_LIBRARY_PATH: libraries,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    RABBITMQ_NODENAME: `wagate${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    // The script becomes the server, instead of waiting for it as another process.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
  };
  let output = '';
  let child: ChildProcess | undefined;
  // Erlang would leave one behind.
  const epmd = spawn(join(erlang, 'bin/epmd'), [], { env, stdio: 'ignore' });
  guardOrphan(epmd);

  async function start(): Promise<void> {
    const started = spawn(join(programs, 'rabbitmq-server'), [], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guardOrphan(started);
    for (const stream of [started.stdout, started.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    child = started;
    const isOver = () => started.exitCode !== null || started.signalCode !== null;
    const options = { what: 'RabbitMQ to accept connections', timeoutMs: START_MS };
    await waitFor(async () => isOver() || (await accepts(port)), options).catch(() => undefined);
    if (isOver() || !(await accepts(port))) throw new Error(`RabbitMQ does not run:\n${output}`);
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async function stop(): Promise<void> {
    await kill();
    epmd.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    await waitFor(() => accepts(epmdPort), { what: 'epmd' });
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    kill,
    start,
    stop,
    async setDiskFull(isFull) {
      const args = ['set_disk_free_limit', isFull ? FULL : ROOMY];
      await promisify(execFile)(join(programs, 'rabbitmqctl'), args, { cwd: folder, env });
    },
  };
}

/** Erlang's start scripts name the folder that Debian installs it to. All checkouts of a user share the copy. */
async function makeErlangMovable(erlang: string): Promise<void> {
  const folders = readdirSync(erlang).filter((name) => name.startsWith('erts-'));
  for (const path of ['bin', ...folders.map((name) => join(name, 'bin'))].map((bin) => join(erlang, bin, 'erl'))) {
    if (!existsSync(path)) continue;
    const script = await readFile(path, 'utf8');
    const moved = script.replaceAll(/ROOTDIR=\/\S*/g, `ROOTDIR=${erlang}`);
    if (moved === script) continue;
    const draft = `${path}.${process.pid}`;
    await writeFile(draft, moved, { mode: 0o755 });
    await rename(draft, path);
  }
}
