import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, WebhookVerificationError } from './webhook.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes....').toString('base64')}`;
const NOW = 1_795_269_550_000;
const BODY = '{"id":"evt_1","event":"message.received","data":{"text":"héllo"}}';

function delivery({ secret = SECRET, body = BODY, sentAt = '1795269548', id = 'evt_1' } = {}) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
  const signature = createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64');
  return {
    body,
    headers: { 'Webhook-Id': id, 'webhook-timestamp': sentAt, 'webhook-signature': `v1,${signature}` },
    now: NOW,
  };
}

describe('deliveries of webhooks', () => {
  test.each<[string, (given: ReturnType<typeof delivery>) => object]>([
    ['as Node has them', (given) => ({ ...given, body: Buffer.from(given.body) })],
    ['as fetch has them', (given) => ({ ...given, headers: new Headers(given.headers) })],
    [
      'as frameworks have them',
      ({ headers, ...given }) => ({
        ...given,
        headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, [value]])),
      }),
    ],
  ])('are verified, %s', async (_, change) => {
    const event = await verifyWebhook({ ...delivery(), ...change(delivery()), secret: SECRET });
    expect(event).toMatchObject({ id: 'evt_1', data: { text: 'héllo' } });
  });

  test('are verified with the old secret beside the new one, and with a secret that is a text', async () => {
    await expect(verifyWebhook({ ...delivery(), secret: ['whsec_bmV3', SECRET] })).resolves.toBeDefined();
    const own = 'sixteen letters!';
    await expect(verifyWebhook({ ...delivery({ secret: own }), secret: own })).resolves.toBeDefined();
  });

  test('are verified when one of several signatures fits', async () => {
    const { headers, ...given } = delivery();
    const both = `v1a,xyz v1,bm9uZQ== ${headers['webhook-signature']}`;
    const signed = { ...given, headers: { ...headers, 'webhook-signature': both } };
    await expect(verifyWebhook({ ...signed, secret: SECRET })).resolves.toBeDefined();
  });

  test.each<[string, object]>([
    ['another body', { body: BODY.replace('llo', 'lp!') }],
    ['a body that was parsed and written again', { body: JSON.stringify(JSON.parse(BODY), null, 1) }],
    ['another id', { headers: { ...delivery().headers, 'Webhook-Id': 'evt_2' } }],
    ['another secret', { secret: 'whsec_b3RoZXI=' }],
    ['one that is old', { now: NOW + 400_000 }],
    ['one of the future', { now: NOW - 400_000 }],
    ['one without a time', { headers: { ...delivery().headers, 'webhook-timestamp': 'soon' } }],
    ['one without a signature', { headers: { 'webhook-id': '1', 'webhook-timestamp': '1795269548' } }],
    ['a signature that is no base64', { headers: { ...delivery().headers, 'webhook-signature': 'v1,%%%' } }],
  ])('are refused: %s', async (_, change) => {
    await expect(verifyWebhook({ ...delivery(), secret: SECRET, ...change })).rejects.toBeInstanceOf(
      WebhookVerificationError,
    );
  });

  test('need a secret', async () => {
    await expect(verifyWebhook({ ...delivery(), secret: '' })).rejects.toBeInstanceOf(TypeError);
  });
});
