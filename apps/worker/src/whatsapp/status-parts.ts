import type { ServerAck } from './acks.ts';

/** The chat of all status updates. */
export const STATUS_JID = 'status@broadcast';

/** People in one stanza: each has some devices, and each device a copy of the key. */
const PEOPLE_PER_PART = 500;

/** The audience of a status update in parts of one stanza each. */
export function partsOf(audience: readonly string[], size = PEOPLE_PER_PART): string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < audience.length; start += size) parts.push(audience.slice(start, start + size));
  return parts;
}

interface Open {
  /** The people of the parts that have no answer yet, the account left out. */
  left: number[];
  /** The people of the parts that WhatsApp has accepted; `undefined`: none was. */
  accepted: number | undefined;
  /** Ends the wait for the answer to the part that was sent: whether it was accepted. */
  answer: (isAccepted: boolean) => void;
  fail: (error: Error) => void;
}

/**
 * Sends messages that go out in parts, each when WhatsApp has accepted the one before. A message has one outcome: of a
 * first part that is refused nothing else leaves, and it is refused. Once a part is accepted, people see the message:
 * it is sent, to those of the accepted parts, and the parts behind a refused one stay back.
 */
export class StatusParts {
  readonly #open = new Map<string, Open>();

  /**
   * @param lists the people of each part; the first list begins with the account itself
   * @param relay hands a part over
   * @throws what `relay` throws; an error when the connection ends meanwhile
   */
  async send(
    waMessageId: string,
    lists: readonly string[][],
    relay: (people: string[]) => Promise<void>,
  ): Promise<void> {
    const left = lists.map(({ length }, at) => (at === 0 ? length - 1 : length));
    const open: Open = { left, accepted: undefined, answer: () => undefined, fail: () => undefined };
    this.#open.set(waMessageId, open);
    for (const people of lists) {
      const isAccepted = new Promise<boolean>((resolve, reject) => {
        open.answer = resolve;
        open.fail = reject;
      });
      isAccepted.catch(() => undefined);
      try {
        await relay(people);
      } catch (error) {
        this.#open.delete(waMessageId);
        throw error;
      }
      if (people !== lists.at(-1) && !(await isAccepted)) return;
    }
  }

  /** What an acknowledgement says of its message; `null`: more parts follow. */
  read(ack: ServerAck): ServerAck | null {
    const { waMessageId, error } = ack;
    const open = this.#open.get(waMessageId);
    if (!open) return ack;
    const people = open.left.shift() ?? 0;
    if (error === undefined) open.accepted = (open.accepted ?? 0) + people;
    const isOver = error !== undefined || open.left.length === 0;
    if (isOver) this.#open.delete(waMessageId);
    open.answer(error === undefined);
    if (!isOver) return null;
    return error === undefined || open.accepted === undefined ? ack : { waMessageId, recipients: open.accepted };
  }

  /** The connection is over: no answer comes. */
  close(): void {
    for (const { fail } of this.#open.values()) fail(new Error('The connection has ended.'));
    this.#open.clear();
  }
}
