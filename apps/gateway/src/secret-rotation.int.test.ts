import { createSecretBox } from '@wa-gate/kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAIL_BOX, mailContext } from './modules/mail/index.ts';
import { createGatewayFixture, type GatewayFixture } from './testing/gateway-fixture.ts';

const [OLD, NEW] = ['an old secret of at least 32 characters', 'a new secret of at least 32 characters'];
const secrets = (list: string) => ({ JWT_SECRET: list, SESSION_SECRET: list });

let before: GatewayFixture;
let during: GatewayFixture;
let after: GatewayFixture;
beforeAll(async () => {
  before = await createGatewayFixture({ ...secrets(OLD), MAIL_DIR: '/nowhere' });
  during = await createGatewayFixture(secrets(`${NEW}, ${OLD}`), { beside: before });
  after = await createGatewayFixture(secrets(NEW), { beside: before });
});
afterAll(async () => {
  await after?.close();
  await during?.close();
  await before?.close();
});

const login = async (gateway: GatewayFixture, email: string): Promise<string> =>
  (await gateway.call('POST', '/api/auth/login', { body: { email, password: 'correct horse' } })).body.data.token;
const me = async (gateway: GatewayFixture, as: string) => (await gateway.call('GET', '/api/auth/me', { as })).status;
const csrf = async (gateway: GatewayFixture, as: string): Promise<string> =>
  (await gateway.call('GET', '/api/auth/csrf', { as })).body.data.csrfToken;
const rename = async (gateway: GatewayFixture, token: string, csrfToken: string) =>
  (
    await gateway.call('PATCH', '/api/auth/me', {
      headers: {
        cookie: `wag_session=${token}`,
        host: 'api.example.test',
        origin: 'http://api.example.test',
        'x-csrf-token': csrfToken,
      },
      body: { name: 'New' },
    })
  ).status;

it('JWT_SECRET="new,old" takes what the old one signed, and signs what the new one alone takes (MR-151)', async () => {
  const { email } = await before.register();
  const old = await login(before, email);
  const fresh = await login(during, email);
  expect([await me(before, old), await me(during, old), await me(after, old)]).toEqual([200, 200, 401]);
  expect([await me(before, fresh), await me(during, fresh), await me(after, fresh)]).toEqual([401, 200, 200]);
});

it('SESSION_SECRET="new,old" does so for the tokens that go with the cookie (MR-145, MR-153)', async () => {
  const { email } = await before.register();
  const fresh = await login(during, email);
  const [oldCsrf, newCsrf] = [await csrf(before, await login(before, email)), await csrf(during, fresh)];
  // Of another login.
  expect(await rename(during, fresh, oldCsrf)).toBe(403);
  expect(await rename(during, fresh, newCsrf)).toBe(200);
  expect(await rename(after, fresh, newCsrf)).toBe(200);
  const old = await login(before, email);
  expect(await rename(during, old, await csrf(before, old))).toBe(200);
});

it('a mail is readable with the master key of the installation alone', async () => {
  const { email } = await before.register();
  const { rows } = await before.database.pool.query('SELECT id, content FROM mails WHERE recipient = $1', [email]);
  const open = (key: Buffer) => createSecretBox([key], MAIL_BOX).open(rows[0].content, mailContext(rows[0].id));
  expect(JSON.parse(open(before.masterKey).toString()).subject).toBe('Confirm your e-mail address');
  expect(() => open(Buffer.alloc(32, 1))).toThrow('does not have');
});
