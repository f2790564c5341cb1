import type { SinkMessage } from '../sink.ts';

const SESSION = 'shop.eu';

/** An event as it goes to brokers; `seq` makes its ids. */
export function messageOf(seq: number, changes: Partial<SinkMessage> = {}): SinkMessage {
  const id = `evt_01a1fe6652927c4790cc6c495de83c43_${seq}`;
  return {
    id,
    copyId: `${id}.endpoint-1`,
    event: 'message.received',
    sessionId: SESSION,
    seq,
    body: JSON.stringify({ id, event: 'message.received', sessionId: SESSION, seq, data: { text: 'Grüße' } }),
    headers: { 'webhook-id': id, 'webhook-timestamp': '1795269548', 'webhook-signature': 'v1,c2lnbmF0dXJl' },
    ...changes,
  };
}
