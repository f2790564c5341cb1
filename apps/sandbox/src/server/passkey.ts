import { randomBytes } from 'node:crypto';
import type { Account } from '../accounts/account.ts';
import { deviceKey } from '../accounts/device-key.ts';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import type { Connection } from './connection.ts';
import { newStanzaId } from './stanza-id.ts';

const TIMEOUT_MS = 600_000;

/**
 * Accounts with the fault `passkey` link nothing without a passkey: the client gets the notifications, and its
 * connection does nothing more. The sandbox has no authenticator, so the link stops at the second notification.
 *
 * @throws {SandboxError} 409 when this account requires a passkey
 */
export function demandPasskey({ faults }: Pick<ServerBase, 'faults'>, account: Account, connection: Connection): void {
  const fault = faults.take('passkey', deviceKey(account.number, 0));
  if (!fault) return;
  connection.send(notification('passkey_prologue_request', node('passkey_request_options', {}, requestOptions())));
  if (fault.stage === 'continuation')
    connection.send(notification('crsc_continuation', node('primary_ephemeral_identity', {}, randomBytes(64))));
  throw new SandboxError(409, 'PASSKEY_REQUIRED', 'This account links a device only with a passkey (fault `passkey`).');
}

const notification = (type: string, content: BinaryNode): BinaryNode =>
  node('notification', { from: S_WHATSAPP_NET, type, id: newStanzaId(), t: String(unixSeconds()) }, [content]);

/** The options for `navigator.credentials.get` of a browser. */
function requestOptions(): Buffer {
  return Buffer.from(
    JSON.stringify({
      challenge: randomBytes(32).toString('base64url'),
      rpId: 'whatsapp.com',
      timeout: TIMEOUT_MS,
      userVerification: 'required',
      allowCredentials: [],
    }),
  );
}
