import { createHash } from 'node:crypto';
import type { ConnectionPlan } from '@wa-gate/messaging';

/** A version of WhatsApp Web: three numbers, such as 2.3000.1043857760. */
export type ClientVersion = [number, number, number];

/** `undefined`: the text is no version. */
export function parseVersion(text: string | null | undefined): ClientVersion | undefined {
  const parts = /^(\d{1,9})\.(\d{1,9})\.(\d{1,10})$/
    .exec(text ?? '')
    ?.slice(1)
    .map(Number);
  return parts as ClientVersion | undefined;
}

export const formatVersion = (version: readonly number[]): string => version.join('.');

const HUNDRED = 100;

/** A place between 0 and 99 for each session and version, so that the sessions that try one differ with the version. */
function placeOf(sessionId: string, version: string): number {
  return createHash('sha256').update(`${sessionId} ${version}`).digest().readUInt32BE(0) % HUNDRED;
}

/**
 * The version that a session logs in with. A candidate that WhatsApp has refused to it is not tried again in the same
 * trial.
 *
 * @param fallback of this worker
 */
export function chooseVersion(
  sessionId: string,
  plan: Pick<ConnectionPlan, 'version' | 'candidate' | 'candidatePercent' | 'isNamed' | 'hasRefusedCandidate'>,
  fallback: ClientVersion,
): { version: ClientVersion; isCandidate: boolean } {
  const { candidate, candidatePercent, isNamed, hasRefusedCandidate } = plan;
  const pinned = parseVersion(plan.version) ?? fallback;
  const tried = parseVersion(candidate);
  const isChosen = isNamed || placeOf(sessionId, candidate ?? '') < candidatePercent;
  if (!tried || hasRefusedCandidate || !isChosen) return { version: pinned, isCandidate: false };
  return { version: tried, isCandidate: true };
}
