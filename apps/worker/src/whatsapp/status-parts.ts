import type { ServerAck } from './acks.ts';

/** People in one stanza: each has some devices, and each device a copy of the key. */
const PEOPLE_PER_PART = 500;

/** The audience of a status update in parts of one stanza each. */
export function partsOf(audience: readonly string[], size = PEOPLE_PER_PART): string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < audience.length; start += size) parts.push(audience.slice(start, start + size));
  return parts;
}

/** Counts the acknowledgements of messages that go out in parts: the last one, or a refusal, stands for all. */
export class StatusParts {
  readonly #open = new Map<string, number>();

  /** Call it before the first part is sent. */
  expect(waMessageId: string, count: number): void {
    this.#open.set(waMessageId, count);
  }

  /** Whether this acknowledgement says what became of its message. */
  isLast({ waMessageId, error }: ServerAck): boolean {
    const left = this.#open.get(waMessageId);
    if (left === undefined) return true;
    if (error === undefined && left > 1) {
      this.#open.set(waMessageId, left - 1);
      return false;
    }
    this.#open.delete(waMessageId);
    return true;
  }
}
