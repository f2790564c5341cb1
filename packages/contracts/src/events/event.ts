import type { Static, TSchema } from 'typebox';

/** What is promised about one event. An entry without an example of its `data` does not compile. */
export interface EventKind<D extends TSchema = TSchema> {
  /** When it happens, in one sentence. */
  summary: string;
  /** `data` of the payload. Members may be added later, and none is removed. */
  data: D;
  example: Static<D>;
  /**
   * `log`: it is stored with the next `seq` of its session, and webhooks get it. `stream`: it is worth nothing a moment
   * later, so it goes to open streams alone and is never stored.
   */
  keep: 'log' | 'stream';
}

export const event = <D extends TSchema>(kind: EventKind<D>): EventKind<D> => kind;
