import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import { type BinaryNode, bytes, child, children } from '../wire/node.ts';
import type { ServerBase } from './base.ts';

/**
 * A prekey message must carry the papers of the device that sends it, and they must be those it was paired with.
 * Receivers rely on them; here it is noted when they are missing or wrong.
 */
export function checkDeviceIdentity(
  { recorder }: Pick<ServerBase, 'recorder'>,
  companion: Companion,
  stanza: BinaryNode,
  identity: BinaryNode | undefined,
): void {
  const parts = [
    ...children(child(stanza, 'participants'), 'to').map((item) => child(item, 'enc')),
    ...children(stanza, 'enc'),
  ];
  const starts = parts.some((part) => part?.attrs.type === 'pkmsg');
  if (!identity) {
    if (starts && stanza.attrs.category !== 'peer') {
      recorder.violation(companion.key, 'device-identity-missing', stanza.attrs.id ?? '');
    }
    return;
  }
  const presented = bytes(identity) ?? Buffer.alloc(0);
  if (!presented.equals(companion.signedIdentity) && !sameContent(presented, companion.signedIdentity)) {
    recorder.violation(companion.key, 'device-identity-wrong', stanza.attrs.id ?? '');
  }
}

/** Encoders may order fields differently. */
function sameContent(a: Buffer, b: Buffer): boolean {
  const decode = (data: Buffer) => JSON.stringify(proto.ADVSignedDeviceIdentity.decode(data).toJSON());
  try {
    return decode(a) === decode(b);
  } catch {
    return false;
  }
}
