import { signDeviceIdentity } from '../signal/adv.ts';
import { bareJid, parseJid, S_WHATSAPP_NET } from '../wire/jid.ts';
import type { BinaryNode } from '../wire/node.ts';
import { bytes, child, children, node, text } from '../wire/node.ts';
import { clientPayload } from './client-payload.ts';
import type { CompanionCredentials } from './credentials.ts';
import { Link, type LinkClosedError, type SandboxAccess } from './link.ts';

export class PairingError extends Error {
  override readonly name = 'PairingError';
}

/**
 * Links a new companion: connects as an unknown device, has its QR code scanned, and signs the identity that the phone
 * issues. Afterwards the credentials can log in.
 *
 * @param scan passes the code to a phone, for example through the control API
 */
export function pairByQr(
  sandbox: SandboxAccess,
  credentials: CompanionCredentials,
  scan: (qr: string) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      link.close();
      reject(error instanceof Error ? error : new PairingError(String(error)));
    };
    const onNode = (stanza: BinaryNode): void => {
      const offer = child(stanza, 'pair-device');
      const success = child(stanza, 'pair-success');
      if (offer) {
        link.send(node('iq', { to: S_WHATSAPP_NET, type: 'result', id: stanza.attrs.id }));
        const ref = text(children(offer, 'ref')[0]);
        if (ref === undefined) fail(new PairingError('the server sent no reference to show'));
        else scan(qrText(ref, credentials)).catch(fail);
      } else if (success) {
        link.send(
          node('iq', { to: S_WHATSAPP_NET, type: 'result', id: stanza.attrs.id }, [accept(success, credentials)]),
        );
      } else if (stanza.tag === 'stream:error' && stanza.attrs.code !== '515') {
        fail(new PairingError(`the server ended the pairing with ${stanza.attrs.code ?? 'an error'}`));
      }
    };
    const onClose = (error: LinkClosedError): void => {
      if (credentials.linked) resolve();
      else reject(error);
    };
    const link = new Link({
      ...sandbox,
      noiseKey: credentials.noise,
      clientPayload: clientPayload(credentials),
      onNode: (stanza) => {
        try {
          onNode(stanza);
        } catch (error) {
          fail(error);
        }
      },
      onClose,
    });
  });
}

function qrText(ref: string, { noise, identity, advSecret }: CompanionCredentials): string {
  const parts = [noise.publicKey, identity.publicKey, advSecret].map((part) => part.toString('base64'));
  return `https://wa.me/settings/linked_devices#${[ref, ...parts, '1'].join(',')}`;
}

/** Checks the issued identity, stores the own address, and returns the counter-signed answer. */
function accept(success: BinaryNode, credentials: CompanionCredentials): BinaryNode {
  const device = child(success, 'device');
  const content = bytes(child(success, 'device-identity'));
  const pn = parseJid(device?.attrs.jid);
  const lid = parseJid(device?.attrs.lid);
  if (!content || !pn || !lid)
    throw new PairingError(`pair-success is incomplete: ${bareJid(device?.attrs.jid ?? '')}`);
  const { reply, keyIndex, complete } = signDeviceIdentity({
    content,
    advSecret: credentials.advSecret,
    companionIdentity: credentials.identity,
  });
  credentials.linked = { pn: pn.user, lid: lid.user, device: pn.device, deviceIdentity: complete };
  return node('pair-device-sign', {}, [node('device-identity', { 'key-index': String(keyIndex) }, reply)]);
}
