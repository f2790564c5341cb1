import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { shows } from './privacy.ts';
import { applyVerdict } from './spam-verdicts.ts';
import { newStanzaId } from './stanza-id.ts';

/**
 * An account blocks or unblocks another one. A block is a report for the spam detector. The companions of the account
 * are told, all but the one that has asked for it.
 */
export function block(
  context: ServerBase,
  account: Account,
  target: Account,
  isBlocked: boolean,
  except: Companion | null,
): void {
  const verdict = isBlocked ? context.spam.detector?.blocked(target.number) : null;
  if (verdict) applyVerdict(context, target, verdict);
  if (isBlocked) account.blocked.add(target.number);
  else account.blocked.delete(target.number);
  account.save();
  const item = node('item', { jid: target.lidJid, action: isBlocked ? 'block' : 'unblock' });
  for (const companion of account.companions.values()) {
    if (companion === except) continue;
    const attrs = { id: newStanzaId(), from: account.jid, type: 'account_sync', t: String(unixSeconds()) };
    context.delivery.deliver(companion, node('notification', attrs, [node('blocklist', {}, [item])]));
  }
}

/** Sets the about text. Who holds the device list of the account counts as its contact, and is told. */
export function setAbout({ delivery }: Pick<ServerBase, 'delivery'>, account: Account, about: string): void {
  account.status = about;
  account.statusSetAt = unixSeconds();
  account.save();
  for (const companion of account.deviceWatchers) {
    if (!shows(account, companion.account, 'status')) continue;
    const attrs = {
      id: newStanzaId(),
      from: account.jid,
      type: 'status',
      t: String(unixSeconds()),
      notify: account.name,
    };
    delivery.deliver(companion, node('notification', attrs, [node('set', {}, Buffer.from(about))]));
  }
}
