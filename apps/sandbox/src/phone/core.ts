import type { Logger } from '@wa-gate/kit';
import type { Account, DeviceRef } from '../accounts/account.ts';
import type { Directory } from '../accounts/directory.ts';
import type { Groups } from '../accounts/group.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { SessionCipher } from '../signal/session-cipher.ts';
import type { Journal } from '../store/journal.ts';
import type { MediaStore } from '../store/media-store.ts';
import type { Inbox } from './inbox.ts';
import type { PhoneKeys } from './keys.ts';
import type { ServerPort } from './server-port.ts';

/** The dependencies of all phones. */
export interface PhoneDeps {
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly log: Logger;
  readonly media: MediaStore;
  readonly directory: Directory;
  readonly groups: Groups;
  /** Messages kept per phone. */
  readonly inboxLimit: number;
  /** Whether new phones decrypt messages. */
  readonly decrypt: boolean;
  /** The server is built after the phones, because it delivers to them. */
  server(): ServerPort;
}

/** The shared state of the parts of one phone: its account, its Signal state and its messages. */
export interface PhoneCore {
  readonly account: Account;
  readonly self: DeviceRef;
  readonly deps: PhoneDeps;
  readonly keys: PhoneKeys;
  readonly cipher: SessionCipher;
  readonly inbox: Inbox;
}
