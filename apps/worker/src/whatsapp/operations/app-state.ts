import { proto, type WAPatchCreate, type WASocket } from '../baileys.ts';
import { NotReadyError } from './operation-socket.ts';

/** A setting that all devices of the account share, as its patch says it. */
export interface SharedSetting extends Omit<WAPatchCreate, 'operation'> {
  /** The setting is taken away. @default false */
  isRemoved?: boolean;
}

/** Changes a setting that the devices of the account share. @throws {NotReadyError} the session has no key for them */
export async function changeSetting(sock: WASocket, { isRemoved = false, ...patch }: SharedSetting): Promise<void> {
  if (!sock.authState.creds.myAppStateKeyId) {
    throw new NotReadyError(
      'The phone has not shared the key of the account’s settings with this session yet. It does so within a minute after linking.',
    );
  }
  const { SET, REMOVE } = proto.SyncdMutation.SyncdOperation;
  const syncAction = { ...patch.syncAction, timestamp: Date.now() };
  await sock.appPatch({ ...patch, operation: isRemoved ? REMOVE : SET, syncAction });
}
