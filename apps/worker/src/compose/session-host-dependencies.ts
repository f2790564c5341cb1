import type { ClusterTiming, PlacementStrategy } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { BackoffOptions, Clock, Logger, Redis } from '@wa-gate/kit';
import type { WebhookDoorbell } from '@wa-gate/messaging';
import type { ControlPort } from '../control/control-stream.ts';
import type { LivenessTiming } from '../whatsapp/liveness.ts';
import type { WhatsAppNetwork } from '../whatsapp/network.ts';

/** Connections and settings that the host works with; the composition root makes and closes them. */
export interface SessionHostDependencies {
  workerId: string;
  pool: Pool;
  redis: Redis;
  subscriber: Redis;
  webhooks: WebhookDoorbell;
  network: WhatsAppNetwork;
  masterKeys: readonly Uint8Array[];
  messageKey: Uint8Array;
  clock: Clock;
  logger: Logger;
  timing: ClusterTiming;
  pace: ConnectPace;
  /** How the best other worker for a session is chosen. */
  strategy: PlacementStrategy;
  control: ControlPort;
  /** How soon a connection that carries nothing any more is noticed. @default LIVENESS_TIMING */
  liveness?: LivenessTiming;
  /** Whether this process holds its lease, by its own clock: nothing is taken or sent without it (I3). */
  mayStart: () => boolean;
}

/** How a worker connects its sessions. */
export interface ConnectPace {
  perSecond: number;
  burst: number;
  /** Of all workers of this network together. */
  fleet: { name: string; perSecond: number };
  /** Sessions that leave this worker: slowly enough that the login of one does not wait for those of many others. */
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
