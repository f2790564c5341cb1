import {
  type ClusterTiming,
  EndpointTakenError,
  expectWorker,
  listWorkers,
  NoRoomElsewhereError,
  type PlacementStrategy,
  setCapacity,
  setWorkerAdminState,
  WorkerExistsError,
} from '@wa-gate/cluster';
import type { AddWorkerRequest, PatchWorkerRequest, Worker, WorkerAction } from '@wa-gate/contracts';
import { inTransaction, type Network, type Pool, type WorkerAdminState } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import type { ControlStreams } from '../../worker-links/control-streams.ts';
import type { WorkerAddresses } from '../../worker-links/worker-addresses.ts';
import type { WorkerProbe } from '../../worker-links/worker-probe.ts';
import { type Actor, type AuditEntry, writeAudit } from '../audit/index.ts';
import { DEFAULT_MAX_SESSIONS, normalizeEndpoint, refusedEndpoint } from './endpoints.ts';
import { presentWorker } from './present-worker.ts';

export interface WorkerAdministrationDependencies {
  pool: Pool;
  addresses: WorkerAddresses;
  probe: WorkerProbe;
  streams: Pick<ControlStreams, 'loadOf'>;
  defaultNetwork: Network;
  strategy: PlacementStrategy;
  timing: ClusterTiming;
  clock: Clock;
  /** Called when sessions have another owner: forgets their routes, and notifies old and new owners. */
  onMoved: (sessionIds: readonly string[], workerIds: readonly string[]) => Promise<void>;
  /** Called when sessions should be distributed anew. */
  onChanged: () => void;
  logger: Logger;
}

/** What administrators do with workers, but for removing them. */
export interface WorkerAdministration {
  list(): Promise<Worker[]>;
  /** @throws {ApiError} WORKER_NOT_FOUND */
  get(workerId: string): Promise<Worker>;
  /** @throws {ApiError} WORKER_ENDPOINT_REFUSED, WORKER_ENDPOINT_TAKEN, WORKER_EXISTS */
  add(worker: AddWorkerRequest, actor: Actor): Promise<Worker>;
  /** @throws {ApiError} WORKER_NOT_FOUND, WORKER_TOO_SMALL */
  change(workerId: string, changes: PatchWorkerRequest, actor: Actor): Promise<Worker>;
  /** @throws {ApiError} WORKER_NOT_FOUND */
  act(workerId: string, action: WorkerAction, actor: Actor): Promise<Worker>;
  /** @throws {ApiError} WORKER_NOT_FOUND */
  endMaintenance(workerId: string, actor: Actor): Promise<Worker>;
  /** @throws {ApiError} WORKER_NOT_FOUND */
  revokeToken(workerId: string, actor: Actor): Promise<void>;
}

const PROBE_TIMEOUT_MS = 5_000;
/** One that was removed tries again when it is asked; others that are refused do each 3 s. */
const JOINS_WITHIN_MS = 4_000;
const LOOK_EVERY_MS = 100;

const ACTIONS: Record<WorkerAction, { state: WorkerAdminState; audit: string }> = {
  cordon: { state: 'CORDONED', audit: 'worker.cordoned' },
  uncordon: { state: 'ACTIVE', audit: 'worker.uncordoned' },
  drain: { state: 'DRAINING', audit: 'worker.drained' },
  maintenance: { state: 'MAINTENANCE', audit: 'worker.maintenance_begun' },
};

export const AUDIT_OF_ACTION = Object.fromEntries(
  Object.entries(ACTIONS).map(([action, { audit }]) => [action, audit]),
) as Record<WorkerAction, string>;

const entry = (action: string, workerId: string, rest: Pick<AuditEntry, 'before' | 'after'> = {}): AuditEntry => ({
  action,
  resourceType: 'worker',
  resourceId: workerId,
  workspaceId: null,
  ...rest,
});

export function createWorkerAdministration(deps: WorkerAdministrationDependencies): WorkerAdministration {
  const { pool, addresses, probe, streams, clock, logger } = deps;
  const placing = { strategy: deps.strategy, timing: deps.timing };

  async function find(workerId: string): Promise<Worker | undefined> {
    const [view] = await listWorkers(pool, workerId);
    return view && presentWorker(view, streams.loadOf(workerId));
  }

  async function get(workerId: string): Promise<Worker> {
    const worker = await find(workerId);
    if (!worker) throw new ApiError('WORKER_NOT_FOUND');
    return worker;
  }

  /**
   * A worker that runs already and was refused until now registers within seconds, under its own id where none was
   * given.
   */
  async function whenJoined(workerId: string, mayBeRunning: boolean): Promise<Worker> {
    const until = clock.monotonic() + (mayBeRunning ? JOINS_WITHIN_MS : 0);
    let worker = await get(workerId);
    while (worker.status === 'pending' && clock.monotonic() < until) {
      await clock.sleep(LOOK_EVERY_MS);
      worker = await get(workerId);
    }
    return worker;
  }

  async function setState(
    workerId: string,
    state: WorkerAdminState,
    action: string,
    actor: Actor,
    onlyFrom?: WorkerAdminState,
  ): Promise<Worker> {
    await inTransaction(pool, async (tx) => {
      const set = await setWorkerAdminState(tx, workerId, state, onlyFrom);
      if (!set) throw new ApiError('WORKER_NOT_FOUND');
      const [before, after] = [{ adminState: set.before }, { adminState: set.after }];
      await writeAudit(tx, actor, entry(action, workerId, { before, after }));
    });
    logger.info({ workerId, action }, 'state of a worker set');
    deps.onChanged();
    return get(workerId);
  }

  return {
    async list() {
      return (await listWorkers(pool)).map((view) => presentWorker(view, streams.loadOf(view.workerId)));
    },
    get,
    async add(worker, actor) {
      const endpoint = normalizeEndpoint(addresses, worker.endpoint);
      const answer = await probe.ask(endpoint, worker.workerId, PROBE_TIMEOUT_MS);
      if (answer.kind === 'forbidden') throw refusedEndpoint(endpoint, answer.message);
      const known = worker.workerId ?? (answer.kind === 'worker' ? answer.workerId : undefined);
      const expected = {
        workerId: known ?? `worker-ext-${newId().slice(-8)}`,
        hasProvisionalId: known === undefined,
        endpoint,
        network: (worker.network?.toUpperCase() as Network | undefined) ?? deps.defaultNetwork,
        maxSessions: worker.maxSessions ?? null,
        description: worker.description ?? null,
      };
      try {
        await inTransaction(pool, async (tx) => {
          await expectWorker(tx, expected, DEFAULT_MAX_SESSIONS);
          await writeAudit(tx, actor, entry('worker.added', expected.workerId, { after: expected }));
        });
      } catch (error) {
        if (error instanceof WorkerExistsError) {
          throw new ApiError('WORKER_EXISTS', { details: { workerId: expected.workerId } });
        }
        if (error instanceof EndpointTakenError) throw new ApiError('WORKER_ENDPOINT_TAKEN', { details: { endpoint } });
        throw error;
      }
      logger.info({ workerId: expected.workerId, endpoint }, 'worker added');
      // Now that it may: a worker that was removed asks for its registration when it is asked.
      if (answer.kind === 'worker') void probe.ask(endpoint, known, PROBE_TIMEOUT_MS);
      return whenJoined(expected.workerId, answer.kind === 'worker');
    },
    async change(workerId, { maxSessions, description }, actor) {
      const moved = await inTransaction(pool, async (tx) => {
        const [before] = await listWorkers(tx, workerId);
        if (!before) throw new ApiError('WORKER_NOT_FOUND');
        const assignments = maxSessions === undefined ? [] : await resize(tx, workerId, maxSessions);
        if (description !== undefined) {
          await tx.query('UPDATE workers SET description = $2, updated_at = now() WHERE id = $1', [
            workerId,
            description,
          ]);
        }
        const after = {
          ...(maxSessions !== undefined && { maxSessions }),
          ...(description !== undefined && { description }),
        };
        const fields = Object.keys(after) as (keyof typeof after)[];
        await writeAudit(
          tx,
          actor,
          entry('worker.updated', workerId, {
            before: Object.fromEntries(fields.map((field) => [field, before[field]])),
            after,
          }),
        );
        return assignments;
      });
      const sessionIds = moved.map(({ sessionId }) => sessionId);
      if (moved.length) await deps.onMoved(sessionIds, [workerId, ...moved.map(({ workerId: to }) => to)]);
      deps.onChanged();
      return get(workerId);
    },
    act: (workerId, action, actor) => setState(workerId, ACTIONS[action].state, ACTIONS[action].audit, actor),
    endMaintenance: (workerId, actor) => setState(workerId, 'ACTIVE', 'worker.maintenance_ended', actor, 'MAINTENANCE'),
    async revokeToken(workerId, actor) {
      await inTransaction(pool, async (tx) => {
        const { rowCount } = await tx.query(
          'UPDATE workers SET token_hash = NULL, previous_token_hash = NULL, token_rotated_at = now() WHERE id = $1',
          [workerId],
        );
        if (!rowCount) throw new ApiError('WORKER_NOT_FOUND');
        await writeAudit(tx, actor, entry('worker.token_revoked', workerId));
      });
      logger.info({ workerId }, 'token of a worker revoked');
    },
  };

  async function resize(tx: Parameters<typeof setCapacity>[0], workerId: string, maxSessions: number) {
    try {
      return await setCapacity(tx, workerId, maxSessions, placing);
    } catch (error) {
      if (!(error instanceof NoRoomElsewhereError)) throw error;
      throw new ApiError('WORKER_TOO_SMALL', { details: { workerId, sessionsWithoutRoom: error.sessions } });
    }
  }
}
