import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import { deviceKey } from '../accounts/device-key.ts';
import { unixSeconds } from '../clock.ts';
import { type Fault, secondsOfBan } from '../faults/faults.ts';
import { node } from '../wire/node.ts';
import type { Connection } from './connection.ts';
import type { ServerContext } from './context.ts';

/** Handles a client after the handshake: it starts a pairing, or logs in as its device. */
export function login(context: ServerContext, connection: Connection): void {
  const payload = connection.payload!;
  if (context.clientVersions.refuse(connection, payload)) return;
  if (payload.devicePairingData) {
    connection.stream = context.recorder.streams.start('pairing', null);
    context.pairing.offer(connection, payload.devicePairingData);
    return;
  }
  const key = deviceKey(String(payload.username ?? ''), payload.device ?? 0);
  const refusal = refusalFor(context, connection, key);
  if ('reason' in refusal) refuse(context, connection, key, refusal);
  else admit(context, connection, refusal, payload);
}

interface LoginRefusal {
  reason: string;
  /** The cause of a temporary ban. */
  code?: string;
  /** Seconds until the end of a temporary ban. */
  expire?: string;
}

/** What a banned account is told. */
export function refusalOfBan(fault: Fault): LoginRefusal & Record<string, string> {
  const seconds = secondsOfBan(fault);
  return {
    reason: String(fault.code ?? 403),
    ...(fault.cause !== undefined && { code: String(fault.cause) }),
    ...(seconds !== null && { expire: String(seconds) }),
  };
}

/** The companion of the login, or the reason of its refusal. */
function refusalFor(context: ServerContext, connection: Connection, key: string): Companion | LoginRefusal {
  const { directory, faults, recorder } = context;
  const ban = faults.banOf(key);
  if (ban) return refusalOfBan(ban);
  const failure = faults.take('login-failure', key);
  if (failure) {
    const cause = failure.cause === undefined ? {} : { code: String(failure.cause) };
    return { reason: String(failure.code ?? 503), ...cause };
  }
  const companion = directory.companion(key);
  if (!companion) return { reason: '401' };
  if (companion.noiseKey.equals(connection.noiseKey)) return companion;
  recorder.violation(key, 'noise-key-mismatch', 'logged in with another Noise key than it was paired with');
  return { reason: '401' };
}

function refuse(context: ServerContext, connection: Connection, key: string, refusal: LoginRefusal): void {
  connection.stream = context.recorder.streams.start('refused', key);
  connection.close(`failure ${refusal.reason}`, node('failure', { ...refusal, location: 'sandbox' }));
}

function admit(
  context: ServerContext,
  connection: Connection,
  companion: Companion,
  payload: proto.ClientPayload,
): void {
  connection.stream = context.recorder.streams.start('login', companion.key);
  // The recorder must get the new stream before the old one ends, or it would see no overlap.
  companion.link?.close('replaced', node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
  connection.companion = companion;
  companion.link = connection;
  companion.isAvailable = false;
  if (payload.pushName && payload.pushName !== companion.pushName) {
    companion.pushName = payload.pushName;
    companion.save();
  }
  connection.send(
    node('success', {
      t: String(unixSeconds()),
      lid: companion.lidJid,
      status: 'active',
      companion_enc_static: randomBytes(32).toString('base64'),
    }),
  );
}
