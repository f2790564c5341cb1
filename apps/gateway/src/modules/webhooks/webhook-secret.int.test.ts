import { beforeAll, expect, it } from 'vitest';
import type { TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const WEBHOOK_SECRET = 'webhook-secret-key';

const fixture = useGateway({ WEBHOOK_SECRET });
let user: TestUser;
beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});

it('WEBHOOK_SECRET makes secrets that are each their own, come again, and do not give it away (MR-184)', async () => {
  const [one, other] = [await fixture.createSession(user), await fixture.createSession(user)];
  const put = async (slug: string, body = {}): Promise<string> => {
    const url = `/api/sessions/${slug}/webhook`;
    const answer = await fixture.call('PUT', url, { as: user.token, body: { url: 'https://example.com/', ...body } });
    expect(answer.body).toMatchObject({ success: true });
    return answer.body.data.webhook.secret;
  };
  const secret = await put(one.slug);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(Buffer.from(secret.slice(6), 'base64').toString('latin1')).not.toContain(WEBHOOK_SECRET);
  expect(await put(other.slug)).not.toBe(secret);
  await fixture.call('DELETE', `/api/sessions/${one.slug}/webhook`, { as: user.token });
  expect(await put(one.slug)).toBe(secret);
  expect(await put(one.slug, { secret: 'a-secret-of-my-own-4711' })).toBe('a-secret-of-my-own-4711');
});
