import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import { createFaultProxy, type FaultProxy } from '@wa-gate/testkit';
import { gatewaySpec, type Surroundings, sandboxSpec, workerSpec } from './app-specs.ts';
import { GatewayClient } from './gateway-client.ts';
import { ManagedProcess, type ProcessSpec } from './managed-process.ts';
import { raiseLimits } from './raise-limits.ts';
import { SandboxClient } from './sandbox-client.ts';
import { prepareServices, type Services } from './services.ts';

export interface SystemOptions {
  /** @default 1 */
  workers?: number;
  /** @default 1 */
  gateways?: number;
  /** Capacity of each worker. @default 50 */
  maxSessions?: number;
  /** Puts a fault proxy between the system and its Redis. @default false */
  redisProxy?: boolean;
  /** Settings for all processes of one kind. They override those of the harness. */
  env?: Surroundings['overrides'];
  nodeFlags?: Surroundings['nodeFlags'];
  /** @default info */
  logLevel?: string;
  /** `raised`: rate limits and tiers are raised over the API, so that no run meets them. @default 'raised' */
  limits?: 'raised' | 'default';
  /** Changes the start of a process, such as by proxies between it and the others. @default unchanged */
  adapt?: (spec: ProcessSpec) => Promise<ProcessSpec>;
  /** Database and Redis to use. @default a database of its own on the test services */
  services?: Services;
}

/** A running installation: sandbox, gateways and workers as separate processes, on a database of its own. */
export interface System {
  sandbox: SandboxClient;
  /** The first gateway, without a credential. */
  gateway: GatewayClient;
  workers: ManagedProcess[];
  gateways: ManagedProcess[];
  processes: ManagedProcess[];
  services: Services;
  redisProxy: FaultProxy | undefined;
  admin: { email: string; password: string };
  /** The join token of workers. */
  joinToken: string;
  /** Every secret that must not be in a log: those of the installation and those that its API returned. */
  secrets: Set<string>;
  /** Another gateway's API, by its URL. */
  gatewayAt(url: string): GatewayClient;
  process(name: string): ManagedProcess;
  /** Stops one process with the signal and starts it again under its name and address. */
  restart(name: string, signal?: NodeJS.Signals): Promise<void>;
  /** The last lines of every process, for the report of a failed test. */
  tails(): string;
  stop(): Promise<void>;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { workers: workerCount = 1, gateways: gatewayCount = 1, maxSessions = 50 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-e2e-'));
  const services = options.services ?? (await prepareServices());
  const redisProxy = options.redisProxy ? await createFaultProxy(services.redisUrl) : undefined;
  const shared: Surroundings = {
    databaseUrl: services.databaseUrl,
    redisUrl: redisProxy?.url ?? services.redisUrl,
    masterKey: randomBytes(32).toString('base64'),
    workerToken: newToken(TOKEN_PREFIX.workerToken).token,
    admin: { email: 'admin@example.test', password: randomBytes(18).toString('base64url') },
    mediaDir: join(folder, 'media'),
    logLevel: options.logLevel ?? 'info',
    overrides: options.env ?? {},
    nodeFlags: options.nodeFlags ?? {},
  };
  const secrets = new Set([shared.masterKey, shared.workerToken, shared.admin.password]);

  const processes: ManagedProcess[] = [];
  const create = async (spec: ProcessSpec) => {
    const made = new ManagedProcess((await options.adapt?.(spec)) ?? spec, folder);
    processes.push(made);
    return made;
  };
  const stopAll = async () => {
    // Workers first: they still send their goodbye to the gateway and the sandbox.
    for (const kind of ['worker', 'gateway', 'sandbox']) {
      await Promise.all(processes.filter(({ name }) => name.startsWith(kind)).map((running) => running.stop()));
    }
    await Promise.all(processes.map(({ log }) => log.close()));
    await redisProxy?.close();
    await services.release();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    const sandboxProcess = await create(await sandboxSpec(shared, join(folder, 'sandbox')));
    const gatewayProcesses: ManagedProcess[] = [];
    for (let index = 1; index <= gatewayCount; index++) {
      gatewayProcesses.push(await create(await gatewaySpec(shared, index)));
    }
    await Promise.all([sandboxProcess, ...gatewayProcesses].map((starting) => starting.start()));

    const firstGateway = gatewayProcesses[0]!;
    const workerProcesses: ManagedProcess[] = [];
    for (let index = 1; index <= workerCount; index++) {
      // A unique id, because the doorbell channels of Redis are shared by all its databases.
      const id = `worker-${index}-${newId().slice(-6)}`;
      const urls = { gatewayUrl: firstGateway.url, sandboxUrl: sandboxProcess.url };
      workerProcesses.push(await create(await workerSpec(shared, { id, index, maxSessions, ...urls })));
    }
    await Promise.all(workerProcesses.map((starting) => starting.start()));

    const sandbox = new SandboxClient(sandboxProcess.url);
    const clients = new Map<string, GatewayClient>();
    const gatewayAt = (url: string) => {
      const known = clients.get(url) ?? new GatewayClient(url, { remember: (secret) => secrets.add(secret) });
      clients.set(url, known);
      return known;
    };
    if (options.limits !== 'default') await raiseLimits(gatewayAt(firstGateway.url), shared.admin);
    const find = (name: string) => {
      const found = processes.find((candidate) => candidate.name === name);
      if (!found)
        throw new Error(`There is no process ${name}; there are ${processes.map((one) => one.name).join(', ')}`);
      return found;
    };
    return {
      sandbox,
      gateway: gatewayAt(firstGateway.url),
      gatewayAt,
      workers: workerProcesses,
      gateways: gatewayProcesses,
      processes,
      services,
      redisProxy,
      admin: shared.admin,
      joinToken: shared.workerToken,
      secrets,
      process: find,
      async restart(name, signal = 'SIGTERM') {
        const running = find(name);
        await running.stop({ signal });
        await running.start();
      },
      tails: () => tailsOf(processes),
      async stop() {
        await Promise.all([sandbox, ...clients.values()].map((client) => client.close()));
        await stopAll();
      },
    };
  } catch (error) {
    const tails = tailsOf(processes);
    await stopAll();
    throw new Error(`The system did not start.\n${tails}`, { cause: error });
  }
}

const tailsOf = (processes: readonly ManagedProcess[]): string =>
  processes.map(({ name, log }) => `===== ${name}\n${log.tail()}`).join('\n');
