import type { IncomingMessage } from 'node:http';
import { NO_INCARNATION, PROOF_HEADERS, proofHeaders } from '@wa-gate/kit';

export interface WorkerIdentity {
  workerId: string;
  /** The first one proves; a gateway knows all of them. */
  masterKeys: readonly Uint8Array[];
  /** The present incarnation; `undefined` while this worker has no lease. */
  incarnation: () => number | undefined;
}

/** The headers that prove to whoever asks, by a nonce in the request, that this is this process life of this worker. */
export function proofFor(identity: WorkerIdentity, request: IncomingMessage): Record<string, string> {
  const { workerId, masterKeys, incarnation } = identity;
  const [key] = masterKeys;
  if (!key) throw new Error('A worker needs a master key.');
  const claim = { workerId, incarnation: incarnation() ?? NO_INCARNATION };
  return proofHeaders(key, claim, request.headers[PROOF_HEADERS.nonce]);
}
