import type { Account } from '../accounts/account.ts';
import { node } from '../wire/node.ts';
import type { ServerContext } from './context.ts';

type ResetScope = 'all' | 'recorder' | 'faults' | 'messages';

/** Deletes a phone. Its companions are logged out, and messages to the number are refused. */
export function removePhone(context: ServerContext, account: Account): void {
  for (const companion of account.companions.values()) {
    companion.link?.close(
      'phone deleted',
      node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]),
    );
  }
  for (const group of context.groups.of(account.number)) context.groupActions.leave(group, account);
  context.phones.remove(account);
  context.journal.flush();
}

/**
 * Deletes everything, or a part of it. The certificate authority and the Noise root stay, so that clients stay
 * configured.
 */
export function resetSandbox(context: ServerContext, scope: ResetScope): void {
  const { directory, phones, groups, channels, faults, recorder, calls, scheduler, media, journal } = context;
  if (scope === 'all' || scope === 'faults') faults.clear();
  if (scope === 'all') context.spam.detector = null;
  if (scope === 'messages') for (const account of directory.all()) phones.of(account).clearMessages();
  if (scope === 'all') {
    scheduler.clear({ stop: false });
    groups.clear();
    channels.clear();
    for (const account of directory.all()) removePhone(context, account);
    for (const connection of context.connections) connection.cut('reset');
    calls.clear();
    media.clear();
    journal.flush();
  }
  if (scope === 'all' || scope === 'recorder') recorder.clear();
}
