import type { Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import type { Fault } from '../faults/faults.ts';
import { isGroup } from '../wire/jid.ts';
import type { ServerBase } from './base.ts';

/** The error code of the ack that refuses a message, or null when it is accepted. */
export function rejectionFor(
  { faults, spam, directory }: Pick<ServerBase, 'faults' | 'spam' | 'directory'>,
  companion: Companion,
  to: string,
): string | null {
  const person = spam.detector && !isGroup(to) ? directory.resolve(to)?.account.number : undefined;
  if (person !== undefined && spam.detector?.refuses(companion.account.number, person)) return '463';
  if (faults.idle) return null;
  // A time-lock applies to chats with people, not to groups.
  const inForce = (fault: Fault) => (fault.timeEnforcementEnds ?? Number.POSITIVE_INFINITY) > unixSeconds();
  // The detector has said above whom its locks concern.
  const isOfDetector = (fault: Fault) => person !== undefined && fault.phone === companion.account.number;
  if (!isGroup(to) && faults.take('time-lock', companion.key, (fault) => inForce(fault) && !isOfDetector(fault)))
    return '463';
  if (faults.take('rate-overlimit', companion.key, (fault) => fault.xmlns === undefined)) return '429';
  const nack = faults.take('nack', companion.key, (fault) => (fault.stanza ?? 'message') === 'message');
  return nack ? String(nack.code ?? 479) : null;
}
