import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import { type BinaryNode, bytes, child, children } from '../wire/node.ts';
import type { ServerBase } from './base.ts';

/**
 * Checks the device identity in a prekey message: it must be that of the pairing. Receivers rely on it. Violations are
 * recorded.
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
