import type { Message } from '../../api/types.ts';
import type { MessagePage } from '../../live/message-pages.ts';

export type Row =
  | { kind: 'older'; key: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'message'; key: string; message: Message };

interface DatedRow {
  row: Row & { kind: 'message' };
  at: string;
  day: string;
}

/** A row stays the same as long as its message does. To find the day takes longer than all else of it. */
const dated = new WeakMap<Message, DatedRow>();

function datedRow(message: Message): DatedRow {
  const known = dated.get(message);
  if (known) return known;
  const at = message.timestamp ?? message.createdAt;
  const row = { kind: 'message', key: message.messageId, message } as const;
  const made = { row, at, day: new Date(at).toDateString() };
  dated.set(message, made);
  return made;
}

/**
 * Oldest first, with the days between them.
 *
 * @param pages newest first, as they were asked for; of a message that is in two of them, the older place counts
 * @param asksPhone before the oldest message, the phone can be asked for more
 */
export function rowsOf(pages: readonly Pick<MessagePage, 'messages'>[], asksPhone: boolean): Row[] {
  const seen = new Set<string>();
  const rows: Row[] = [];
  let lastDay = '';
  for (let page = pages.length - 1; page >= 0; page -= 1) {
    const { messages } = pages[page]!;
    for (let index = messages.length - 1; index >= 0; index -= 1) {
      const { row, at, day } = datedRow(messages[index]!);
      if (seen.has(row.key)) continue;
      seen.add(row.key);
      if (day !== lastDay) rows.push({ kind: 'day', key: `day ${day}`, at });
      lastDay = day;
      rows.push(row);
    }
  }
  const [first] = rows;
  if (asksPhone && first) rows.unshift({ kind: 'older', key: `before ${first.key}` });
  return rows;
}

/** Letters that fit into a line of a bubble, roughly. */
const LETTERS_A_LINE = 60;

/** Rows of one shape are about as high as each other. */
function shapeOf(row: Row): string {
  if (row.kind !== 'message') return row.kind;
  const { type, text, state, replyTo, media, linkPreview, reactions } = row.message;
  const lines = (text ?? '').split('\n').reduce((sum, line) => sum + Math.ceil((line.length + 1) / LETTERS_A_LINE), 0);
  const parts = [replyTo, media, linkPreview, reactions.length > 0, state === 'failed'];
  return [type, lines, ...parts.map(Boolean)].join(' ');
}

/**
 * The heights of rows that were not drawn yet, in pixels, from those of the same shape that were. A wrong guess costs
 * a new layout of all rows after it.
 */
export class RowHeights {
  private readonly firstGuess: number;
  private readonly measured = new Map<string, number>();
  /** A guess is kept: rows would move on the screen if those before them were guessed anew. */
  private readonly guessed = new WeakMap<Row, number>();

  constructor(firstGuess: number) {
    this.firstGuess = firstGuess;
  }

  guess(row: Row): number {
    const known = this.guessed.get(row);
    if (known !== undefined) return known;
    const height = this.measured.get(shapeOf(row)) ?? this.firstGuess;
    this.guessed.set(row, height);
    return height;
  }

  learn(row: Row, height: number): void {
    if (height > 0) this.measured.set(shapeOf(row), height);
  }
}
