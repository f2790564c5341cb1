import { isConflict, isDatabaseUnavailable, type Queryable } from '@wa-gate/db';
import { boundToSpan } from '@wa-gate/kit';
import { type Acceptance, type AcceptedMessage, acceptMessage, acceptMessages } from '@wa-gate/messaging';

/** Accepts the messages of all callers of this process. */
export interface Accepting {
  /** Resolves when the message is durable, or is refused. Notify the owner of its session after this. */
  accept(message: AcceptedMessage): Promise<Acceptance>;
}

interface Waiting {
  message: AcceptedMessage;
  resolve: (acceptance: Acceptance) => void;
  reject: (error: unknown) => void;
  /** Runs in the trace of the caller. */
  within: (run: () => void) => void;
}

/** With one, a caller who comes alone would wait for two commits as soon as there is another one. */
const STATEMENTS_IN_FLIGHT = 2;
const MAX_MESSAGES = 100;
/** Milliseconds after which a statement that waits for a lock keeps nobody waiting who is not in it. */
const SLOW_MS = 100;

/**
 * What comes while statements run is accepted by the next one, in one commit: a statement for each message cost three
 * times the processor time of the gateway and four times that of PostgreSQL. What comes alone is accepted at once.
 */
export function createAccepting(db: Queryable): Accepting {
  const waiting: Waiting[] = [];
  let inFlight = 0;
  let isScheduled = false;

  /** What becomes ready in one turn of the event loop goes together. */
  function schedule(): void {
    if (isScheduled || waiting.length === 0 || inFlight >= STATEMENTS_IN_FLIGHT) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const batch = waiting.splice(0, MAX_MESSAGES);
      batch[0]?.within(() => void settle(batch));
      schedule();
    });
  }

  /** Every message of the batch is told what became of it. */
  async function settle(batch: readonly Waiting[]): Promise<void> {
    inFlight += 1;
    let isCounted = true;
    const leave = () => {
      if (!isCounted) return;
      isCounted = false;
      inFlight -= 1;
      schedule();
    };
    const timer = setTimeout(leave, SLOW_MS);
    const acceptances = together(batch.map(({ message }) => message));
    await Promise.all(batch.map((each, index) => tell(each, acceptances[index]!, batch.length > 1)));
    clearTimeout(timer);
    leave();
  }

  const together = (messages: readonly AcceptedMessage[]): Promise<Acceptance>[] =>
    messages.length === 1 ? [acceptMessage(db, messages[0]!)] : acceptMessages(db, messages);

  async function tell({ message, resolve, reject }: Waiting, accepted: Promise<Acceptance>, hasCompany: boolean) {
    try {
      resolve(await accepted);
    } catch (error) {
      // What spoils a statement is not looked for: each of its messages is told its own error. Nothing of it is stored,
      // and if it were, the same ids would make it one message.
      const maySucceedAlone = hasCompany && (isConflict(error) || !isDatabaseUnavailable(error));
      if (maySucceedAlone) await acceptMessage(db, message).then(resolve, reject);
      else reject(error);
    }
  }

  return {
    accept: (message) =>
      new Promise((resolve, reject) => {
        waiting.push({ message, resolve, reject, within: boundToSpan((run: () => void) => run()) });
        schedule();
      }),
  };
}
