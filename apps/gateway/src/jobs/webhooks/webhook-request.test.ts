import { createHmac } from 'node:crypto';
import { EVENTS, WEBHOOK_PAYLOADS } from '@wa-gate/contracts';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { buildWebhookRequest, createSigner } from './webhook-request.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;
const event = {
  seq: 4_711,
  type: 'message.received' as const,
  data: { ...EVENTS['message.received'].example, text: 'grüße }","signature":"' },
  epoch: 9,
  createdAt: 1_700_000_000_900,
  attempts: 2,
  refusals: 0,
  metadata: null,
};
const signer = (secret: string) =>
  createSigner({ sessionId: '01900000-0000-7000-8000-000000000001', slug: 'shop', secret });
const now = new Date(1_700_000_060_000);
const { body, headers } = buildWebhookRequest(event, signer(SECRET), now);
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);

describe('the request of a webhook (MR-068, MR-069)', () => {
  it('has the body of the contract', () => {
    const parsed = JSON.parse(body);
    expect(Value.Check(WEBHOOK_PAYLOADS['message.received'], parsed)).toBe(true);
    expect(parsed).toMatchObject({
      id: 'evt_01900000000070008000000000000001_4711',
      event: 'message.received',
      timestamp: 1_700_000_000,
      sessionId: 'shop',
      seq: 4_711,
      epoch: 9,
      data: event.data,
      metadata: {},
    });
  });

  it('signs the body as it is without the signature, which is its last member', () => {
    const parsed = JSON.parse(body);
    expect(Object.keys(parsed).at(-1)).toBe('signature');
    const at = body.lastIndexOf(',"signature":"');
    expect(parsed.signature).toBe(`sha256=${hmac(SECRET, `${body.slice(0, at)}}`).digest('hex')}`);
  });

  it('is signed as Standard Webhooks and as Meta say', () => {
    const id = headers['webhook-id'];
    expect(headers['webhook-timestamp']).toBe('1700000060');
    expect(headers['webhook-signature']).toBe(`v1,${hmac(KEY, `${id}.1700000060.${body}`).digest('base64')}`);
    expect(headers['x-hub-signature-256']).toBe(`sha256=${hmac(SECRET, body).digest('hex')}`);
    expect([headers['x-webhook-event'], headers['x-webhook-attempt']]).toEqual(['message.received', '3']);
    expect(headers['x-webhook-version']).toBe('1');
  });

  it('takes a secret without the prefix as it is', () => {
    const own = buildWebhookRequest(event, signer('a secret of my own'), now);
    const text = `${own.headers['webhook-id']}.1700000060.${own.body}`;
    expect(own.headers['webhook-signature']).toBe(`v1,${hmac('a secret of my own', text).digest('base64')}`);
  });

  it('has the headers of WAHA where they are asked for', () => {
    expect(Object.keys(headers)).not.toContain('x-webhook-hmac');
    const parts = {
      sessionId: '01900000-0000-7000-8000-000000000001',
      slug: 'shop',
      secret: SECRET,
      compat: 'waha' as const,
    };
    const { body: sent, headers: its } = buildWebhookRequest(event, createSigner(parts), now);
    expect(its).toMatchObject({
      'x-webhook-hmac': createHmac('sha512', SECRET).update(sent).digest('hex'),
      'x-webhook-hmac-algorithm': 'sha512',
      'x-webhook-request-id': its['webhook-id'],
      'x-webhook-timestamp': '1700000060000',
    });
  });

  it('says of a repetition that it is one', () => {
    const again = buildWebhookRequest({ ...event, isReplay: true }, signer(SECRET), now);
    expect([headers['x-webhook-replay'], again.headers['x-webhook-replay']]).toEqual([undefined, 'true']);
    expect([again.body, again.headers['webhook-id']]).toEqual([body, headers['webhook-id']]);
  });

  it('keeps id and body over the attempts', () => {
    const later = buildWebhookRequest({ ...event, attempts: 3 }, signer(SECRET), new Date(1_700_000_090_000));
    expect([later.body, later.headers['webhook-id']]).toEqual([body, headers['webhook-id']]);
  });
});
