import type { Logger } from '@wa-gate/kit';
import type { Channels } from '../accounts/channel.ts';
import type { Directory } from '../accounts/directory.ts';
import type { Groups } from '../accounts/group.ts';
import type { Faults } from '../faults/faults.ts';
import type { Phones } from '../phone/phones.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { SpamDetector } from '../spam/detector.ts';
import type { Journal } from '../store/journal.ts';
import type { MediaStore } from '../store/media-store.ts';
import type { Delivery } from './delivery.ts';
import type { ServerOptions } from './options.ts';
import type { Scheduler } from './scheduler.ts';

/** The dependencies of all parts of the server: accounts, storage, recorder, delivery. */
export interface ServerBase {
  readonly log: Logger;
  readonly journal: Journal;
  readonly directory: Directory;
  readonly groups: Groups;
  readonly channels: Channels;
  readonly phones: Phones;
  readonly media: MediaStore;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly delivery: Delivery;
  /** Off without a detector. */
  readonly spam: { detector: SpamDetector | null };
  readonly options: ServerOptions;
  /** `host:port` of the TLS listener; empty until it listens. */
  mediaHost: string;
}
