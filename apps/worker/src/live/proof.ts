import type { IncomingMessage } from 'node:http';
import { NO_INCARNATION, PROOF_HEADERS, proofHeaders } from '@wa-gate/kit';

export interface WorkerIdentity {
  workerId: string;
  /** The first key signs; gateways accept all of them. */
  masterKeys: readonly Uint8Array[];
  /** The present incarnation; `undefined` while this worker has no lease. */
  incarnation: () => number | undefined;
}

/** The headers that prove, by the nonce of the request, that this incarnation of this worker answers. */
export function proofFor(identity: WorkerIdentity, request: IncomingMessage): Record<string, string> {
  const { workerId, masterKeys, incarnation } = identity;
  const [key] = masterKeys;
  if (!key) throw new Error('A worker needs a master key.');
  const claim = { workerId, incarnation: incarnation() ?? NO_INCARNATION };
  return proofHeaders(key, claim, request.headers[PROOF_HEADERS.nonce]);
}
