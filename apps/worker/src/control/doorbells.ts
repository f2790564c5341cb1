import { type Redis, redisKeys } from '@wa-gate/kit';

export interface DoorbellsDependencies {
  /** A separate connection: a subscribed one can do nothing else. */
  subscriber: Redis;
  workerId: string;
  onWorkerDoorbell: () => void;
  onSessionDoorbell: (sessionId: string) => void;
}

/**
 * Receives the doorbells of this worker and of its hosted sessions. A doorbell may be lost: polls find the same work.
 */
export interface Doorbells {
  start(): void;
  listen(sessionId: string): void;
  ignore(sessionId: string): void;
}

export function createDoorbells({
  subscriber,
  workerId,
  onWorkerDoorbell,
  onSessionDoorbell,
}: DoorbellsDependencies): Doorbells {
  const workerChannel = redisKeys.workerDoorbell(workerId);
  const sessions = new Map<string, string>();

  // Redis may be away now. The `ready` handler below subscribes everything again.
  const subscribe = (...channels: string[]) => void subscriber.subscribe(...channels).catch(() => undefined);

  return {
    start() {
      subscriber.on('ready', () => subscribe(workerChannel, ...sessions.keys()));
      subscriber.on('message', (channel) => {
        if (channel === workerChannel) onWorkerDoorbell();
        const sessionId = sessions.get(channel);
        if (sessionId) onSessionDoorbell(sessionId);
      });
      if (subscriber.status === 'ready') subscribe(workerChannel);
    },
    listen(sessionId) {
      const channel = redisKeys.sessionDoorbell(sessionId);
      sessions.set(channel, sessionId);
      if (subscriber.status === 'ready') subscribe(channel);
    },
    ignore(sessionId) {
      const channel = redisKeys.sessionDoorbell(sessionId);
      sessions.delete(channel);
      if (subscriber.status === 'ready') void subscriber.unsubscribe(channel).catch(() => undefined);
    },
  };
}
