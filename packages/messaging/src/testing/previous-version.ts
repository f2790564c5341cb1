import { PAIRING_STATES } from '@wa-gate/contracts';
import { createPool, type Pool } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { PREVIOUS_STATEMENTS } from './previous-statements.ts';

type Owner = { sessionId: string; epoch: number };
type Row = Record<string, unknown>;

/** A message that the previous version stores as it arrives. */
export interface PreviousInbound {
  id?: string;
  waMessageId: string;
  kind?: string;
  text?: string | null;
  content?: Row | null;
  isStub?: boolean;
  fromMe?: boolean;
}

const CHAT = '15550001@s.whatsapp.net';

/** The enum `MessageType`, which the previous version writes beside the kind. */
const TYPES = 'TEXT IMAGE DOCUMENT AUDIO VIDEO STICKER LOCATION CONTACT POLL REACTION SYSTEM'.split(' ');
export const hasPreviousType = (kind: string): boolean => TYPES.includes(kind.toUpperCase());
const previousTypeOf = (kind: string) => (hasPreviousType(kind) ? kind.toUpperCase() : 'UNKNOWN');

/** A process of the version before: its statements, prepared once on each of its connections. */
export class PreviousVersion {
  readonly pool: Pool;

  constructor(url: string, connections = 1) {
    this.pool = createPool({ url, name: 'previous-version', max: connections });
  }

  async run<T extends object = Row>(name: keyof typeof PREVIOUS_STATEMENTS, values: unknown[]): Promise<T[]> {
    return (await this.pool.query<T>({ name, text: PREVIOUS_STATEMENTS[name], values })).rows;
  }

  async accept(sessionId: string, text: string, key?: string) {
    const ids = { messageId: newId(), waMessageId: newWaMessageId() };
    const request = JSON.stringify({ type: 'text', text });
    const values = [
      ids.messageId,
      sessionId,
      ids.waMessageId,
      CHAT,
      'TEXT',
      text,
      JSON.stringify({ order: 7 }),
      'INTERACTIVE',
      request,
      PAIRING_STATES,
      null,
      null,
      null,
      'text',
    ];
    const [row] = key
      ? await this.run('accept-message-once', [...values, [`key:${key}`], [86_400], Buffer.from(request)])
      : await this.run('accept-message', values);
    return { ...ids, ...row } as typeof ids & { outcome: string; messageIds?: string[] };
  }

  claim = ({ sessionId, epoch }: Owner) =>
    this.run<{ messageId: string; waMessageId: string; request: Row; payload: Buffer | null }>('claim-outbox', [
      [sessionId],
      [epoch],
      10,
    ]);

  async outcome({ sessionId, epoch }: Owner, waMessageId: string, state: string, payload?: Buffer) {
    const at = new Date();
    const one = [[sessionId], [waMessageId], [state], [at], [null], [null], [payload ?? null], [at]];
    return await this.run<{ moved: Row[] }>('record-outcomes', [[sessionId], [epoch], ...one]);
  }

  async receive({ sessionId, epoch }: Owner, message: PreviousInbound) {
    const {
      id = newId(),
      waMessageId,
      kind = 'text',
      text = 'hello',
      content,
      isStub = false,
      fromMe = false,
    } = message;
    const [row] = await this.run<{ stored: string[]; events: { type: string }[] }>('store-inbound', [
      [sessionId],
      [epoch],
      [sessionId],
      [id],
      [waMessageId],
      [CHAT],
      ['99@lid'],
      [CHAT],
      [fromMe],
      ['Ann'],
      [kind],
      [text],
      [content ? JSON.stringify(content) : null],
      [new Date(1_700_000_000_000)],
      [fromMe ? 'OUTBOUND' : 'INBOUND'],
      [fromMe ? 'SENT' : 'RECEIVED'],
      [isStub],
      [previousTypeOf(kind)],
      [],
      [],
    ]);
    return { stored: row!.stored, told: row!.events.map((event) => event.type) };
  }

  lease = (leasedBy: string) =>
    this.run<{ webhookId: string; sessionId: string }>('lease-due-webhooks', [leasedBy, 10, 60_000, null]);

  due = (webhookId: string) =>
    this.run<{ seq: number; type: string; metadata: Row | null }>('due-deliveries', [webhookId, 'PENDING', 100]);

  deliver = ({ sessionId }: Owner, webhookId: string, { leasedBy, seq }: { leasedBy: string; seq: number }) =>
    this.run('record-deliveries', [
      60_000,
      [webhookId],
      [leasedBy],
      [sessionId],
      [seq],
      ['DELIVERED'],
      [null],
      [200],
      [null],
    ]);

  list = (workspaceId: string) =>
    this.run<{ id: string; type: string; text: string | null; state: string }>('list-messages', [
      workspaceId,
      null,
      null,
      null,
      null,
      null,
      null,
      100,
    ]);
}
