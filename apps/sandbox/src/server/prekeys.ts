import type { Companion } from '../accounts/account.ts';
import type { PublicPreKey } from '../accounts/prekey-pool.ts';
import { unixSeconds } from '../clock.ts';
import type { PreKeyBundle } from '../signal/session-cipher.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { newStanzaId } from './stanza-id.ts';

/** Below this count a companion is notified; clients upload more below five. */
const LOW = 5;
/** As above, for a companion that never has more than five. */
const LOW_OF_FEW = 1;
/** What a pool of few lacks of a first stock. */
const LACKING = 807;

/** How many one-time prekeys a companion hears that it has. */
export function countPreKeys({ options }: ServerBase, { preKeys: { size } }: Companion): number {
  if (!options.fewPreKeys) return size;
  return size === 0 ? 1 : size + LACKING;
}

/** Takes a one-time prekey of a companion for a new session; null when none is left. */
export function takePreKey(context: ServerBase, companion: Companion): PublicPreKey | null {
  if (context.faults.take('prekeys-exhausted', companion.key)) return null;
  const before = companion.preKeys.size;
  const preKey = companion.preKeys.take();
  if (preKey) companion.save();
  const low = context.options.fewPreKeys ? LOW_OF_FEW : LOW;
  if (before >= low && companion.preKeys.size < low) warnLow(context, companion);
  return preKey;
}

/** Takes the keys with which a phone starts a session with a companion. */
export function takeBundle(context: ServerBase, companion: Companion): PreKeyBundle {
  return {
    registrationId: companion.registrationId,
    identityKey: companion.identityKey,
    signedPreKey: companion.signedPreKey,
    preKey: takePreKey(context, companion) ?? undefined,
  };
}

export function warnLow(context: ServerBase, companion: Companion): void {
  context.delivery.deliver(
    companion,
    node('notification', { from: S_WHATSAPP_NET, id: newStanzaId(), type: 'encrypt', t: String(unixSeconds()) }, [
      node('count', { value: String(companion.preKeys.size) }),
    ]),
  );
}
