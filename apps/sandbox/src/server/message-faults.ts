import type { Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import type { Fault } from '../faults/faults.ts';
import { isGroup } from '../wire/jid.ts';
import type { ServerBase } from './base.ts';

/** The error code of the ack that refuses a message, or null when it is accepted. */
export function rejectionFor({ faults }: Pick<ServerBase, 'faults'>, companion: Companion, to: string): string | null {
  if (faults.idle) return null;
  // A time-lock applies to chats with people, not to groups.
  const inForce = (fault: Fault) => (fault.timeEnforcementEnds ?? Number.POSITIVE_INFINITY) > unixSeconds();
  if (!isGroup(to) && faults.take('time-lock', companion.key, inForce)) return '463';
  if (faults.take('rate-overlimit', companion.key, (fault) => fault.xmlns === undefined)) return '429';
  const nack = faults.take('nack', companion.key);
  return nack ? String(nack.code ?? 479) : null;
}
