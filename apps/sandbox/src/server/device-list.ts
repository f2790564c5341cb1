import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { newStanzaId } from './stanza-id.ts';

/** Tells everybody who may have the device list of an account cached that it changed. */
export function announceDevices(context: ServerBase, account: Account): void {
  const watchers = new Set<Companion>([...account.companions.values(), ...account.deviceWatchers]);
  for (const companion of watchers) {
    if (companion.account.companions.get(companion.id) !== companion) {
      account.deviceWatchers.delete(companion);
      continue;
    }
    // Caches are keyed by user, so that the list is named in both addressings.
    const devices = [account.jid, account.lidJid].map((jid) => node('device', { jid }));
    context.delivery.deliver(
      companion,
      node(
        'notification',
        { id: newStanzaId(), from: account.jid, lid: account.lidJid, type: 'devices', t: String(unixSeconds()) },
        [node('update', { hash: deviceHash(account) }, devices)],
      ),
    );
  }
}

/** Ends a companion's life: its stream, its queue, its keys. */
export function unlinkDevice(
  context: ServerBase,
  companion: Companion,
  reason: 'device_removed' | 'user_initiated',
): void {
  const { account } = companion;
  account.removeCompanion(companion);
  context.phones.of(account).keys.closeSession(companion.key);
  context.journal.flush();
  const farewell = node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]);
  companion.link?.close(reason, reason === 'device_removed' ? farewell : undefined);
  announceDevices(context, account);
}

/** Names a device list, so that a client can see whether its own is the same. */
export function deviceHash(account: Account): string {
  return `2:${[0, ...account.companions.keys()].join('.')}`;
}
