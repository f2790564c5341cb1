import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { newStanzaId } from './stanza-id.ts';

/** Notifies every companion that may have cached the device list of an account. */
export function announceDevices(context: ServerBase, account: Account): void {
  const watchers = new Set<Companion>([...account.companions.values(), ...account.deviceWatchers]);
  for (const companion of watchers) {
    if (companion.account.companions.get(companion.id) !== companion) {
      account.deviceWatchers.delete(companion);
      continue;
    }
    // Caches are keyed by user, so the list is sent in both addressings.
    const devices = [account.jid, account.lidJid].map((jid) => node('device', { jid }));
    context.delivery.deliver(
      companion,
      node(
        'notification',
        { id: newStanzaId(), from: account.jid, lid: account.toldLidJid, type: 'devices', t: String(unixSeconds()) },
        [node('update', { hash: deviceHash(account) }, devices)],
      ),
    );
  }
}

/** Removes a companion: its stream, its queue, its keys. */
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

/** The hash of a device list, with which a client compares its own. */
export function deviceHash(account: Account): string {
  return `2:${[0, ...account.companions.keys()].join('.')}`;
}
