import type { Static, TSchema } from 'typebox';

/** The contract of one event. An entry without an example of its `data` does not compile. */
export interface EventKind<D extends TSchema = TSchema> {
  /** The cause of the event, in one sentence. */
  summary: string;
  /** `data` of the payload. Members may be added later, and none is removed. */
  data: D;
  example: Static<D>;
  /**
   * `log`: stored with the next `seq` of its session, and sent to webhooks. `stream`: of no use a moment later, so it
   * goes to open streams only and is never stored. `workers`: in the log of the workers, which administrators read.
   */
  keep: 'log' | 'stream' | 'workers';
}

export const event = <D extends TSchema>(kind: EventKind<D>): EventKind<D> => kind;
