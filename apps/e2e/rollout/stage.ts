import { randomBytes } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool } from '@wa-gate/db';
import { newId, newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import { sandboxSpec } from '../harness/app-specs.ts';
import { ownCheckout } from '../harness/checkout.ts';
import { GatewayClient } from '../harness/gateway-client.ts';
import { ManagedProcess } from '../harness/managed-process.ts';
import { raiseLimits } from '../harness/raise-limits.ts';
import { SandboxClient } from '../harness/sandbox-client.ts';
import type { System } from '../harness/system.ts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import { renderOverlay } from '../kubernetes/render.ts';
import { type PrivateDatabases, startPrivateDatabases } from '../load/measure/private-databases.ts';
import { Cluster } from './cluster/cluster.ts';
import { createMachine } from './machine.ts';

/** The rehearsed installation: what the overlay `production` renders, on processes of this machine. */
export interface Stage {
  /** As `kubectl kustomize` rendered them. */
  objects: readonly KubernetesObject[];
  cluster: Cluster;
  databases: PrivateDatabases;
  /** As tests and judges see it. Its processes are those of the pods that are there at the moment. */
  system: System;
  /** Where customers call: the Service of the gateways. */
  url: string;
  /** Folders of the migrations of images, by their tags. */
  migrations: Map<string, string>;
  /** The folder of those of all other images: this checkout's, as they were when the stage was built. */
  ownMigrations: string;
  close(): Promise<void>;
}

const INSTALL_MS = 180_000;

export interface StageOptions {
  say: (line: string) => void;
  /** Folder that the output of all processes is copied to. */
  logs: string | undefined;
}

/** Renders, and installs from nothing: the Job makes the database, the pods wait for it. */
export async function openStage({ say, logs }: StageOptions): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const one of closers) await one().catch((error: Error) => say(`While closing: ${error.message}`));
  };
  try {
    const objects = await renderOverlay('production');
    const databases = await startPrivateDatabases('rollout');
    closers.unshift(() => databases.stop());
    const folder = await mkdtemp(join(tmpdir(), 'wa-gate-rollout-sandbox-'));
    closers.unshift(() => rm(folder, { recursive: true, force: true }));

    const databaseUrl = new URL(databases.databaseUrl);
    databaseUrl.pathname = `/wa_gate_${newId().replaceAll('-', '')}`;
    const admin = { email: 'admin@example.test', password: randomBytes(18).toString('base64url') };
    const secret: Record<string, string> = {
      DATABASE_URL: databaseUrl.href,
      REDIS_URL: databases.redisUrl,
      WAG_MASTER_KEY: randomBytes(32).toString('base64'),
      WORKER_AUTH_TOKEN: newToken(TOKEN_PREFIX.workerToken).token,
      ADMIN_EMAIL: admin.email,
      ADMIN_PASSWORD: admin.password,
    };
    const secrets = new Set([secret.WAG_MASTER_KEY!, secret.WORKER_AUTH_TOKEN!, admin.password]);
    const shared = { databaseUrl: databaseUrl.href, redisUrl: databases.redisUrl, admin, logLevel: 'info' };
    const surroundings = {
      ...shared,
      mediaDir: join(folder, 'media'),
      masterKey: '',
      workerToken: '',
      overrides: {},
      nodeFlags: {},
    };
    const sandboxProcess = new ManagedProcess(await sandboxSpec(surroundings, join(folder, 'data')), folder);
    closers.unshift(async () => {
      await sandboxProcess.stop();
      await sandboxProcess.log.close();
    });
    await sandboxProcess.start();
    const sandbox = new SandboxClient(sandboxProcess.url);
    closers.unshift(() => sandbox.close());

    const migrations = new Map<string, string>();
    // An image keeps its migrations, whatever comes into this checkout meanwhile.
    const ownMigrations = join(folder, 'migrations');
    await cp(join(ownCheckout, 'prisma/migrations'), ownMigrations, { recursive: true });
    const machine = createMachine({
      secret,
      sandboxUrl: sandboxProcess.url,
      objects: () => cluster.applied(),
      serviceUrl: (service) => cluster.urlOf(service),
      migrationsOf: (tag) => migrations.get(tag) ?? ownMigrations,
    });
    closers.unshift(() => rm(machine.logFolder, { recursive: true, force: true }));
    if (logs !== undefined) closers.unshift(() => keepLogs(machine.logFolder, logs));
    const cluster = new Cluster(machine);
    closers.unshift(() => cluster.stop());
    cluster.start();

    say(`Applying ${objects.length} objects on an empty database ...`);
    await cluster.apply(objects);
    await cluster.settled(INSTALL_MS);
    const url = cluster.urlOf('gateway');
    const pool = createPool({ url: databaseUrl.href, name: 'e2e', max: 4 });
    closers.unshift(() => pool.end());

    const clients = new Map<string, GatewayClient>();
    closers.unshift(() => Promise.all([...clients.values()].map((client) => client.close())));
    const gatewayAt = (at: string) => {
      const known = clients.get(at) ?? new GatewayClient(at, { remember: (one) => secrets.add(one) });
      clients.set(at, known);
      return known;
    };
    const processesOf = (owner: string): ManagedProcess[] =>
      cluster.podsOf(owner).flatMap((pod) => (pod.process?.isRunning ? [pod.process] : []));
    const every = () => [...WORKLOADS.flatMap(processesOf), sandboxProcess];
    const system: System = {
      sandbox,
      gateway: gatewayAt(url),
      gatewayAt,
      get workers() {
        return processesOf('StatefulSet/worker');
      },
      get gateways() {
        return processesOf('Deployment/gateway');
      },
      get processes() {
        return every();
      },
      services: { ...shared, pool, release: async () => undefined },
      redisProxy: undefined,
      admin,
      joinToken: secret.WORKER_AUTH_TOKEN!,
      secrets,
      process(name) {
        const found = every().find((one) => one.name === name);
        if (!found) throw new Error(`There is no process ${name}`);
        return found;
      },
      restart: async () => Promise.reject(new Error('The cluster starts and ends processes.')),
      tails: () =>
        every()
          .map(({ name, log }) => `===== ${name}\n${log.tail(15)}`)
          .join('\n'),
      stop: close,
    };
    await raiseLimits(system.gateway, admin);
    return { objects, cluster, databases, system, url, migrations, ownMigrations, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const WORKLOADS = ['Deployment/gateway', 'Deployment/jobs', 'StatefulSet/worker'];

async function keepLogs(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name));
}
