/** Events from a position on, as they are asked for. */
export interface PulledFeed<E> {
  /** Up to `limit` events. Without any it waits up to `waitMs` for the first. */
  next(limit: number, waitMs: number): Promise<E[]>;
  /** Behind all events that `next` has given or left out. */
  cursor(): string;
  /** Whether events are known that `next` has not given. */
  hasMore(): boolean;
  /** From now on `next` gives nothing. */
  end(): void;
  close(): void;
}
