import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';
import type { Fault, FaultRequest } from '../faults/faults.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { Connection } from './connection.ts';
import { unlinkDevice } from './device-list.ts';
import { cappingState, timeLockState } from './iq/mex.ts';
import { refusalOfBan } from './login.ts';
import { warnLow } from './prekeys.ts';
import { newStanzaId } from './stanza-id.ts';

const DEFAULT_FREEZE_MS = 5000;
const LOW_PREKEYS = 3;

/** Adds a fault. Immediate ones are applied here. */
export function injectFault(context: ServerBase, request: FaultRequest): Fault {
  const targets = targetsOf(context, request);
  const fault = context.faults.add(request);
  fault.hits += strike(context, fault, targets);
  return fault;
}

/** Cancels a pending fault, and notifies the clients that were notified of it. */
export function cancelFault(context: ServerBase, id: string): Fault {
  const fault = context.faults.cancel(id);
  if (fault.kind === 'time-lock')
    for (const companion of targetsOf(context, fault)) announceTimeLock(context, companion, 0);
  if (fault.kind === 'capping')
    for (const companion of targetsOf(context, fault)) announceCapping(context, companion, null);
  return fault;
}

/** @returns the count of companions or phones that it was applied to */
function strike(context: ServerBase, fault: Fault, targets: Companion[]): number {
  switch (fault.kind) {
    case 'identity-change':
      changeIdentity(context, context.directory.get(fault.phone ?? fault.device?.split(':')[0] ?? ''));
      return 1;
    case 'prekeys-low':
      for (const companion of targets) {
        companion.preKeys.shrink(fault.count ?? LOW_PREKEYS);
        companion.save();
        warnLow(context, companion);
      }
      return targets.length;
    case 'time-lock':
      for (const companion of targets) announceTimeLock(context, companion, fault.timeEnforcementEnds ?? 0);
      return 0;
    case 'capping':
      for (const companion of targets) announceCapping(context, companion, fault);
      return targets.length;
    default:
      return targets.filter((companion) => strikeConnection(companion, fault)).length;
  }
}

function strikeConnection({ link }: Companion, fault: Fault): boolean {
  if (!(link instanceof Connection)) return false;
  switch (fault.kind) {
    case 'cut':
      link.cut('fault cut');
      return true;
    case 'freeze':
      link.freeze(fault.ms ?? DEFAULT_FREEZE_MS);
      return true;
    case 'replace':
      link.close('replaced', node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
      return true;
    case 'stream-error':
      link.close('fault stream-error', node('stream:error', { code: String(fault.code ?? 503) }));
      return true;
    case 'end-stream':
      link.close('fault end-stream', node('xmlstreamend'));
      return true;
    case 'ban':
      link.close('banned', node('failure', { ...refusalOfBan(fault), location: 'sandbox' }));
      return true;
    default:
      return false;
  }
}

/** Changes the identity of a phone: its companions are logged out, and the holders of its key are notified. */
function changeIdentity(context: ServerBase, account: Account): void {
  for (const companion of account.companions.values()) unlinkDevice(context, companion, 'device_removed');
  const phone = context.phones.of(account);
  const acquainted = new Set(account.deviceWatchers);
  for (const address of phone.keys.sessionAddresses()) {
    const companion = context.directory.companion(address);
    if (companion) acquainted.add(companion);
  }
  phone.resetIdentity();
  for (const companion of acquainted) {
    if (companion.account.companions.get(companion.id) !== companion) continue;
    context.delivery.deliver(
      companion,
      node('notification', { from: account.jid, id: newStanzaId(), type: 'encrypt', t: String(unixSeconds()) }, [
        node('identity'),
      ]),
    );
  }
}

function announceTimeLock(context: ServerBase, companion: Companion, ends: number): void {
  const data = { xwa2_notify_account_reachout_timelock: timeLockState(ends) };
  announceMex(context, companion, 'NotificationUserReachoutTimelockUpdate', data);
}

function announceCapping(context: ServerBase, companion: Companion, fault: Fault | null): void {
  const data = { xwa2_notify_new_chat_messages_capping_info_update: cappingState(fault) };
  announceMex(context, companion, 'MessageCappingInfoNotification', data);
}

function announceMex(context: ServerBase, companion: Companion, operation: string, data: object): void {
  const body = Buffer.from(JSON.stringify({ data }));
  context.delivery.deliver(
    companion,
    node('notification', { from: S_WHATSAPP_NET, id: newStanzaId(), type: 'mex', t: String(unixSeconds()) }, [
      node('update', { op_name: operation }, body),
    ]),
  );
}

function targetsOf({ directory }: Pick<ServerBase, 'directory'>, request: FaultRequest): Companion[] {
  if (request.device !== undefined) {
    if (request.device.endsWith(':0')) return [];
    const companion = directory.companion(request.device);
    if (companion) return [companion];
    throw new SandboxError(
      404,
      'DEVICE_NOT_FOUND',
      `There is no companion ${request.device}; see GET /phones/{number}/devices.`,
    );
  }
  if (request.phone !== undefined) return [...directory.get(request.phone).companions.values()];
  if (request.kind === 'identity-change') {
    throw new SandboxError(400, 'TARGET_MISSING', 'Name the phone whose identity changes in field `phone`.');
  }
  return [...directory.companions()];
}
