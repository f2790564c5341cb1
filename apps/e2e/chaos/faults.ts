import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, createRedis } from '@wa-gate/kit';
import type { FaultMode } from '@wa-gate/testkit';
import type { Fleet } from '../harness/fleet.ts';
import type { PrivateDatabases } from '../load/measure/private-databases.ts';
import type { PlannedFault } from './plan.ts';

export interface FaultTools {
  fleet: Fleet;
  databases: PrivateDatabases;
  /** Called at each instant at which something is taken away, to sample the sends in progress. */
  onStrike: () => Promise<void>;
}

/** Injects the fault and undoes it. Resolves when nothing is taken away any more; the fleet may still recover. */
export async function strike(fault: PlannedFault, { fleet, databases, onStrike }: FaultTools): Promise<void> {
  const { kind, target, lastsMs, end } = fault;
  switch (kind) {
    case 'kill worker':
    case 'kill gateway':
      await fleet.end(target, 'SIGKILL');
      await onStrike();
      await sleep(lastsMs);
      return fleet.start(target);
    case 'end worker':
      await Promise.all([onStrike(), fleet.end(target, 'SIGTERM')]);
      await sleep(lastsMs);
      return fleet.start(target);
    case 'pause worker': {
      const { pid } = fleet.system.process(target);
      process.kill(pid, 'SIGSTOP');
      try {
        await onStrike();
        await sleep(lastsMs);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      return;
    }
    case 'restart postgres':
      await Promise.all([onStrike(), databases.restart('postgres', end)]);
      return onStrike();
    case 'restart redis':
      return databases.restart('redis', end);
    case 'flush redis':
      return flushRedis(fleet.system.services.redisUrl);
    default: {
      const line = lineOf(fault, fleet);
      line.set('stall');
      await onStrike();
      await sleep(lastsMs);
      await onStrike();
      line.set('forward');
    }
  }
}

/** The connection that a cut applies to. */
function lineOf({ kind, target }: PlannedFault, { gateways, workers }: Fleet): { set(mode: FaultMode): void } {
  const worker = () => workers.get(target)!;
  const gateway = () => gateways.get(target)!;
  switch (kind) {
    case 'cut worker-postgres':
      return worker().postgres;
    case 'cut worker-redis':
      return worker().redis;
    case 'cut worker-whatsapp':
      return worker().whatsapp;
    case 'cut gateway-postgres':
      return gateway().postgres;
    case 'cut gateway-redis':
      return gateway().redis;
    case 'cut gateway-worker':
      return worker().endpoint;
    default:
      throw new Error(`${kind} is no cut`);
  }
}

async function flushRedis(url: string): Promise<void> {
  const redis = createRedis({ url, logger: createLogger({ service: 'chaos', level: 'silent' }), name: 'chaos' });
  await redis.connect();
  await redis.flushall();
  redis.disconnect();
}
