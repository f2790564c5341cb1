import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFaultProxy, type FaultProxy, freePort } from '@wa-gate/testkit';
import { type FrontDoor, openFrontDoor } from './front-door.ts';
import type { ManagedProcess, ProcessSpec } from './managed-process.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';
import { openWhatsAppLine, type WhatsAppLine } from './whatsapp-line.ts';

/**
 * The connections of one process to the others. Each belongs to it alone and can be cut without an effect on other
 * processes.
 */
export interface GatewayLines {
  postgres: FaultProxy;
  redis: FaultProxy;
}

export interface WorkerLines extends GatewayLines {
  whatsapp: WhatsAppLine;
  /** The proxy before the worker, through which gateways connect. Shut while the worker is dead. */
  endpoint: FaultProxy;
}

/** A system whose processes can be cut from each other and killed, as if each had a machine of its own. */
export interface Fleet {
  system: System;
  gateways: ReadonlyMap<string, GatewayLines>;
  workers: ReadonlyMap<string, WorkerLines>;
  /** Ends a process by SIGKILL, or by SIGTERM and a wait. */
  end(name: string, signal: 'SIGKILL' | 'SIGTERM', graceMs?: number): Promise<void>;
  /** Starts it again under its name and address and waits until it is ready. */
  start(name: string): Promise<void>;
  stop(): Promise<void>;
}

const CONNECT_POLL_MS = 5;

export async function startFleet(options: SystemOptions): Promise<Fleet> {
  const gateways = new Map<string, GatewayLines>();
  const workers = new Map<string, WorkerLines>();
  const closers: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(line: T): T => {
    closers.push(line);
    return line;
  };
  const gatewayUrls: string[] = [];
  const door: FrontDoor = keep(await openFrontDoor(() => gatewayUrls));

  async function databaseLines({ env }: ProcessSpec): Promise<GatewayLines> {
    return {
      postgres: keep(await createFaultProxy(env.DATABASE_URL!)),
      redis: keep(await createFaultProxy(env.REDIS_URL!)),
    };
  }

  async function adapt(planned: ProcessSpec): Promise<ProcessSpec> {
    const spec = (await options.adapt?.(planned)) ?? planned;
    if (spec.name === 'sandbox') return spec;
    const lines = await databaseLines(spec);
    const env: ProcessSpec['env'] = { ...spec.env, DATABASE_URL: lines.postgres.url, REDIS_URL: lines.redis.url };
    if (spec.name.startsWith('gateway')) {
      gateways.set(spec.name, lines);
      gatewayUrls.push(spec.url);
      return { ...spec, env };
    }
    const whatsapp = keep(await openWhatsAppLine(env.SANDBOX_URL!));
    const endpoint = keep(await createFaultProxy(spec.url, { port: await freePort() }));
    workers.set(spec.name, { ...lines, whatsapp, endpoint });
    const own = { GATEWAY_URL: door.url, SANDBOX_URL: whatsapp.url, WORKER_ENDPOINT: endpoint.url.replace(/\/$/, '') };
    return { ...spec, env: { ...env, ...own } };
  }

  let system: System;
  try {
    system = await startSystem({ ...options, adapt });
  } catch (error) {
    await Promise.all(closers.map((line) => line.close()));
    throw error;
  }

  return {
    system,
    gateways,
    workers,
    async end(name, signal, graceMs = 15_000) {
      const ending = system.process(name);
      // A killed process refuses connections at once; one that ends in order, after its end.
      if (signal === 'SIGKILL') workers.get(name)?.endpoint.shut();
      await ending.stop({ signal, graceMs });
      workers.get(name)?.endpoint.shut();
    },
    async start(name) {
      const starting = system.process(name);
      starting.spawn();
      const endpoint = workers.get(name)?.endpoint;
      if (endpoint) {
        await untilListening(starting);
        await endpoint.open();
      }
      await starting.waitUntilReady();
    },
    async stop() {
      await system.stop();
      await Promise.all(closers.map((line) => line.close()));
    },
  };
}

/** Opens the proxy as soon as the worker listens: it registers at once, and the gateway calls it back. */
async function untilListening(starting: ManagedProcess): Promise<void> {
  const { port, hostname } = new URL(starting.url);
  const deadline = performance.now() + 90_000;
  while (performance.now() < deadline) {
    const probe = connect(Number(port), hostname);
    const isOpen = await Promise.race([
      once(probe, 'connect').then(() => true),
      once(probe, 'error').then(() => false),
    ]).catch(() => false);
    probe.destroy();
    if (isOpen) return;
    if (!starting.isRunning) throw new Error(`${starting.name} ended before it listened:\n${starting.log.tail()}`);
    await sleep(CONNECT_POLL_MS);
  }
  throw new Error(`${starting.name} does not listen:\n${starting.log.tail()}`);
}
