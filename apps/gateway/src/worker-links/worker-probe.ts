import type { Readable } from 'node:stream';
import { type Logger, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import { type Dispatcher, request } from 'undici';
import { WorkerAddressError } from './worker-addresses.ts';

/**
 * What answers at an endpoint. `worker`: one of ours, which has proved who it is. `stranger`: something that does not know the master key.
 * `forbidden`: no worker may be there, and nothing was sent. `silent`: nobody, or not in time.
 */
export type ProbeAnswer =
  | { kind: 'worker'; workerId: string; incarnation: number }
  | { kind: 'stranger' }
  | { kind: 'forbidden'; message: string }
  | { kind: 'silent'; error: unknown };

/** Asks `GET /health` of an endpoint. Follows no redirect, reads a bounded answer, and believes nothing that is not proved. */
export interface WorkerProbe {
  /**
   * @param workerId who it should be; without it, whoever it proves to be
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
      const nonce = newNonce();
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = end ? AbortSignal.any([timeout, end]) : timeout;
      try {
        const { statusCode, body, headers } = await request(`${endpoint}/health`, {
          dispatcher,
          headers: { [PROOF_HEADERS.nonce]: nonce },
          signal,
        });
        const text = await readSome(body);
        if (statusCode >= 300) throw new Error(`GET /health answered ${statusCode}`);
        const claimed = workerId ?? claimedId(text);
        const incarnation = claimed && provenIncarnation(masterKeys, claimed, nonce, headers);
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

/** At most so much; what is more ends the connection. */
async function readSome(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('GET /health answered more than a worker says.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function claimedId(text: string): string | undefined {
  try {
    const { workerId } = JSON.parse(text) as { workerId?: unknown };
    return typeof workerId === 'string' && workerId !== '' ? workerId : undefined;
  } catch {
    return undefined;
  }
}
