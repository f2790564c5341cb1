import type { Logger } from '@wa-gate/kit';
import type { Dispatcher } from 'undici';
import { exchange } from './call-worker.ts';
import { WorkerAddressError } from './worker-addresses.ts';

/**
 * What answers at an endpoint.
 * - `worker`: a worker of this installation, which has proved its identity
 * - `stranger`: something that does not know the master key
 * - `forbidden`: no worker may be there; nothing was sent
 * - `silent`: nothing answered in time
 */
export type ProbeAnswer =
  | { kind: 'worker'; workerId: string; incarnation: number }
  | { kind: 'stranger' }
  | { kind: 'forbidden'; message: string }
  | { kind: 'silent'; error: unknown };

/**
 * Requests `GET /health` of an endpoint. Follows no redirect, reads a bounded answer, and uses nothing that is not
 * proved.
 */
export interface WorkerProbe {
  /**
   * @param workerId the expected worker; without it, any that proves its identity
   * @param end gives it up
   */
  ask(endpoint: string, workerId: string | undefined, timeoutMs: number, end?: AbortSignal): Promise<ProbeAnswer>;
}

export interface WorkerProbeDependencies {
  /** Connects to nothing but allowed addresses. */
  dispatcher: Dispatcher;
  masterKeys: readonly Uint8Array[];
  logger: Logger;
}

/** The answer of a worker has some hundred bytes. */
const MAX_ANSWER_BYTES = 16 * 1024;

export function createWorkerProbe({ dispatcher, masterKeys, logger }: WorkerProbeDependencies): WorkerProbe {
  return {
    async ask(endpoint, workerId, timeoutMs, end) {
      try {
        const { status, body, provenAs } = await exchange(dispatcher, masterKeys, endpoint, {
          method: 'GET',
          path: '/health',
          timeoutMs,
          signal: end,
          maxAnswerBytes: MAX_ANSWER_BYTES,
        });
        if (status >= 300) throw new Error(`GET /health answered ${status}`);
        const claimed = workerId ?? claimedId(body);
        const incarnation = claimed && provenAs(claimed);
        if (claimed === undefined || incarnation === undefined || incarnation === '') return { kind: 'stranger' };
        return { kind: 'worker', workerId: claimed, incarnation };
      } catch (error) {
        if (error instanceof WorkerAddressError) return { kind: 'forbidden', message: error.message };
        logger.debug({ err: error, endpoint }, 'no worker answers at this endpoint');
        return { kind: 'silent', error };
      }
    },
  };
}

function claimedId(body: unknown): string | undefined {
  const { workerId } = (body ?? {}) as { workerId?: unknown };
  return typeof workerId === 'string' && workerId !== '' ? workerId : undefined;
}
