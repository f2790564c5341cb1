import type { AnswerOf, ConnectionOperationName, InputOf } from '@wa-gate/contracts';
import type { WASocket } from '../baileys.ts';

/** What an operation gets of a connection. */
export interface OperationSocket {
  sock: WASocket;
  /** Tells Baileys, and not the server, that receipts of this device are of an active client. */
  reportActiveReceipts: () => void;
}

/** Does the operations of one area, such as `presence`. */
export type Performers<Area extends string> = {
  [N in Extract<ConnectionOperationName, `${Area}.${string}`>]: (
    wa: OperationSocket,
    input: InputOf<N>,
  ) => Promise<AnswerOf<N>>;
};

/** The account lacks something that WhatsApp brings by itself after a while. */
export class NotReadyError extends Error {
  override name = 'NotReadyError';
}
