import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedEvent } from './webhook-endpoint.ts';

/** What a phone with receipts makes of a message, in any order. */
const EVENTS = ['message.sent', 'message.delivered', 'message.read'] as const;
const ALL = (1 << EVENTS.length) - 1;

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

  /** @throws {Error} when something is missing after that time */
  async untilComplete(withinMs = 120_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.missing > 0) {
      if (performance.now() > deadline) {
        const [example = ''] = this.expected;
        const bits = this.open.get(example) ?? 0;
        const came = EVENTS.filter((_, index) => bits & (1 << index)).join(', ') || 'nothing';
        throw new Error(`Events of ${this.missing} messages did not come; of ${example} came: ${came}`);
      }
      await sleep(5);
    }
  }
}
