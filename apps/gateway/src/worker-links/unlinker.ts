import type { RouteTable } from '@wa-gate/cluster';
import { internalToken, type Logger, newNonce, newRequestId, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import { type Dispatcher, request } from 'undici';
import { readJson, WRONG_OWNER } from './owner-answer.ts';

/** Tells WhatsApp, by the owner of a session, that its device is gone; for deletions that are no request for one session. */
export interface Unlinker {
  /** `false`: the owner could not do it, or not until the signal; the device has to be removed on the phone. */
  unlink(sessionId: string, signal: AbortSignal): Promise<boolean>;
}

export interface UnlinkerDependencies {
  routes: RouteTable;
  dispatcher: Dispatcher;
  /** The first one signs; a worker may prove itself with any. */
  masterKeys: readonly Uint8Array[];
  logger: Logger;
}

/** The second one by what PostgreSQL says. */
const ATTEMPTS = 2;

export function createUnlinker({ routes, dispatcher, masterKeys, logger }: UnlinkerDependencies): Unlinker {
  /** `null`: the route was an old one. */
  async function ask(sessionId: string, signal: AbortSignal): Promise<boolean | null> {
    const route = await routes.resolve(sessionId);
    if (!route) return false;
    const { workerId, endpoint, incarnation, epoch } = route;
    const nonce = newNonce();
    const { statusCode, headers, body } = await request(`${endpoint}/session/${sessionId}`, {
      method: 'DELETE',
      dispatcher,
      signal,
      headers: {
        authorization: `Bearer ${internalToken(masterKeys[0]!, workerId, incarnation)}`,
        [PROOF_HEADERS.nonce]: nonce,
        'x-session-epoch': String(epoch),
        'x-request-id': newRequestId(),
      },
    });
    const isOwner =
      provenIncarnation(masterKeys, workerId, nonce, headers) === incarnation && !WRONG_OWNER.has(statusCode);
    const answer = (await readJson(body)) as { unlinked?: boolean } | null;
    if (!isOwner) return null;
    return statusCode < 300 && (answer?.unlinked ?? true);
  }

  return {
    async unlink(sessionId, signal) {
      try {
        for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt += 1) {
          const unlinked = await ask(sessionId, signal);
          if (unlinked !== null) return unlinked;
          await routes.forget(sessionId);
        }
      } catch (error) {
        logger.warn({ err: error, sessionId }, 'device not unlinked, its owner was not reached');
      }
      return false;
    },
  };
}
