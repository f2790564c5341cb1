import type { Redis } from '@wa-gate/kit';

type Listener = (message: string) => void;

/**
 * The one subscriber connection of this process. Channels can be requested while Redis is away: they are subscribed
 * when it is back. Messages that were published in between are lost, which hints allow for.
 */
export interface Subscriptions {
  /** Whether messages arrive now. */
  readonly isLive: boolean;
  /** Resolves to true when messages of the channel arrive from now on, to false when Redis is away. */
  subscribe(channel: string, listener: Listener): Promise<boolean>;
  unsubscribe(channel: string): void;
  /** Called when the connection is lost: messages are missing from now on. */
  onLost(listener: () => void): void;
}

export function createSubscriptions(redis: Redis): Subscriptions {
  const listeners = new Map<string, Listener>();
  const lostListeners: (() => void)[] = [];

  redis.on('message', (channel: string, message: string) => listeners.get(channel)?.(message));
  redis.on('ready', () => {
    const channels = [...listeners.keys()];
    if (channels.length) redis.subscribe(...channels).catch(() => undefined);
  });
  redis.on('close', () => {
    for (const listener of lostListeners) listener();
  });

  return {
    get isLive() {
      return redis.status === 'ready';
    },
    async subscribe(channel, listener) {
      listeners.set(channel, listener);
      if (redis.status !== 'ready') return false;
      try {
        await redis.subscribe(channel);
        return true;
      } catch {
        return false;
      }
    },
    unsubscribe(channel) {
      listeners.delete(channel);
      if (redis.status === 'ready') redis.unsubscribe(channel).catch(() => undefined);
    },
    onLost(listener) {
      lostListeners.push(listener);
    },
  };
}
