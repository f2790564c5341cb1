import type { ClusterTiming, PlacementStrategy } from '@wa-gate/cluster';
import type { Pool, RecordForm } from '@wa-gate/db';
import type { BackoffOptions, Clock, Logger, Redis } from '@wa-gate/kit';
import type { MediaStore, WorkFolder } from '@wa-gate/media';
import type { WebhookDoorbell } from '@wa-gate/messaging';
import type { ControlPort } from '../control/control-stream.ts';
import type { EgressSettings } from '../egress/routes.ts';
import type { GapAuditPace } from '../history/gap-audit.ts';
import type { HistoryPace } from '../history/history-intake.ts';
import type { DownloadPace } from '../media/downloads.ts';
import type { LivenessTiming } from '../whatsapp/liveness.ts';
import type { WhatsAppNetwork } from '../whatsapp/network.ts';

/** The connections and settings of the host. The composition root makes and closes them. */
export interface SessionHostDependencies {
  workerId: string;
  /** Of the software, for the metrics. */
  version?: string;
  pool: Pool;
  redis: Redis;
  subscriber: Redis;
  webhooks: WebhookDoorbell;
  network: WhatsAppNetwork;
  /** What the operator sets about proxies, devices and versions. @default none of it */
  egress?: EgressSettings;
  media: MediaStore;
  /** For files in work. */
  workFolder: WorkFolder;
  /** Bytes of the largest file of this installation. */
  maxFileBytes: number;
  /** @default DOWNLOAD_PACE */
  downloadPace?: DownloadPace;
  /** @default HISTORY_PACE */
  historyPace?: HistoryPace;
  /** @default GAP_AUDIT_PACE */
  gapPace?: GapAuditPace;
  masterKeys: readonly Uint8Array[];
  messageKey: Uint8Array;
  /** In which form session records are written. */
  recordForm: RecordForm;
  clock: Clock;
  logger: Logger;
  timing: ClusterTiming;
  pace: ConnectPace;
  /** How the target of a handover is chosen. */
  strategy: PlacementStrategy;
  control: ControlPort;
  /** The thresholds for a stale connection. @default LIVENESS_TIMING */
  liveness?: LivenessTiming;
  /** Whether this process holds its lease, by its own clock. Without it nothing is claimed or sent (I3). */
  mayStart: () => boolean;
}

/** The rates at which a worker connects its sessions. */
export interface ConnectPace {
  perSecond: number;
  burst: number;
  /** Connects per second of all workers of this network together. */
  fleet: { name: string; perSecond: number };
  /** Handovers per second. The rate is low, so that the login of one session does not wait for many others. */
  handoversPerSecond: number;
  retry: BackoffOptions;
}

export const PACE: Readonly<Record<'live' | 'sandbox', ConnectPace>> = {
  live: {
    perSecond: 10,
    burst: 5,
    fleet: { name: 'live', perSecond: 50 },
    handoversPerSecond: 10,
    retry: { initialMs: 2_000, maxMs: 60_000 },
  },
  sandbox: {
    perSecond: 50,
    burst: 25,
    fleet: { name: 'sandbox', perSecond: 500 },
    handoversPerSecond: 10,
    retry: { initialMs: 500, maxMs: 5_000 },
  },
};
