import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedEvent } from './webhook-endpoint.ts';

/** The events of a message to a phone with receipts, in any order. */
const EVENTS = ['message.sent', 'message.delivered', 'message.read'] as const;
const ALL = (1 << EVENTS.length) - 1;
/** Longer than the first repetition of a delivery waits. */
const SILENCE_MS = 15_000;

/** Messages of which an event did not come. */
export interface Missing {
  messages: number;
  what: string;
}

/** Which events of sent messages have come to the webhook. Events may be earlier than the answer to the send. */
export class SettledMessages {
  /** Bits of {@link EVENTS}, of messages that are not complete. */
  private readonly open = new Map<string, number>();
  private readonly expected = new Set<string>();

  /** A message whose events must come. */
  expect(messageId: string): void {
    if (this.open.get(messageId) === ALL) this.open.delete(messageId);
    else this.expected.add(messageId);
  }

  note({ event, data }: ReceivedEvent): void {
    const index = (EVENTS as readonly string[]).indexOf(event);
    if (index < 0 || data.messageId === undefined) return;
    const bits = (this.open.get(data.messageId) ?? 0) | (1 << index);
    this.open.set(data.messageId, bits);
    if (bits === ALL && this.expected.delete(data.messageId)) this.open.delete(data.messageId);
  }

  /** Expected messages of which an event is missing. */
  get missing(): number {
    return this.expected.size;
  }

  /**
   * Waits until all is complete, or nothing has come for a while.
   *
   * @returns what is missing then; `null`: nothing. It is missing for good: the next run does not wait for it.
   */
  async untilComplete(silenceMs = SILENCE_MS): Promise<Missing | null> {
    let least = this.missing;
    for (let since = performance.now(); this.missing > 0 && performance.now() - since < silenceMs; ) {
      await sleep(5);
      if (this.missing < least) since = performance.now();
      least = Math.min(least, this.missing);
    }
    const [example] = this.expected;
    if (example === undefined) return null;
    const bits = this.open.get(example) ?? 0;
    const came = EVENTS.filter((_, index) => bits & (1 << index)).join(', ') || 'nothing';
    const messages = this.expected.size;
    this.expected.clear();
    return { messages, what: `events of ${messages} messages did not come; of ${example} came: ${came}` };
  }
}
