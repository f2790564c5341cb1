import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({ TRUST_PROXY: 'true' }, { rateLimits: 'default' });
const second = useGateway({ TRUST_PROXY: 'true' }, { beside: fixture });

/** An address that nobody has used yet. */
const newIp = () => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;
async function register(): Promise<{ email: string; token: string }> {
  const email = `${randomBytes(6).toString('hex')}@example.test`;
  const { body } = await fixture.call('POST', '/api/auth/register', { body: { email, password: 'correct horse' } });
  return { email, token: body.data.token };
}
const login = (email: string, password: string, ip = newIp(), gateway = fixture): Promise<Answer> =>
  gateway.call('POST', '/api/auth/login', { body: { email, password }, headers: { 'x-forwarded-for': ip } });
const statuses = (answers: Answer[]) => answers.map(({ status }) => status);
const count = (answers: Answer[], status: number) => statuses(answers).filter((each) => each === status).length;

describe('guessing a password (MR-002, MR-073)', () => {
  it('ends after five wrong ones for an account, from wherever they come, and the right one waits too', async () => {
    const { email } = await register();
    const answers = [];
    for (let guess = 0; guess < 6; guess += 1) answers.push(await login(email, `wrong horse ${guess}`));
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
    const last = await login(email.toUpperCase(), 'correct horse');
    expect([last.status, last.body.code]).toEqual([429, 'RL_ENDPOINT']);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(800);
    expect(Number(last.headers['retry-after'])).toBeLessThanOrEqual(900);
  });

  it('ends after five wrong ones from an address, for whatever accounts', async () => {
    const ip = newIp();
    const victim = await register();
    const answers = [];
    for (let guess = 0; guess < 6; guess += 1) answers.push(await login(`nobody${guess}@example.test`, 'x', ip));
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await login(victim.email, 'correct horse', ip)).status).toBe(429);
    expect((await login(victim.email, 'correct horse')).status).toBe(200);
  });

  it('in parallel, over two gateways, gets no guess more', async () => {
    const { email } = await register();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, guess) => login(email, `wrong ${guess}`, newIp(), guess % 2 ? second : fixture)),
    );
    expect([count(answers, 401), count(answers, 429)]).toEqual([5, 35]);
  });

  it('does not end for those who know theirs: what was right is given back', async () => {
    const { email } = await register();
    const ip = newIp();
    const answers = [];
    for (let time = 0; time < 12; time += 1) answers.push(await login(email, 'correct horse', ip));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect((await login(email, 'wrong horse', ip)).status).toBe(401);
    expect((await login(email, 'correct horse', ip)).status).toBe(200);
  });

  it('tells no more about an address that nobody has', async () => {
    const [{ email }, unknown] = [await register(), 'nobody-at-all@example.test'];
    const course = async (address: string) => {
      const facts = [];
      for (let guess = 0; guess < 7; guess += 1) {
        const { status, body, headers } = await login(address, 'wrong horse');
        // How long to wait is told in seconds, which pass between the guesses.
        const sentence = body.error.replace(/Try again in [^.]+\./, 'Try again later.');
        facts.push([status, body.code, sentence, Object.keys(headers).sort()]);
      }
      return facts;
    };
    expect(await course(unknown)).toEqual(await course(email));
  });

  it('is not what a right password counts as that leads nowhere for another reason', async () => {
    const [{ token }, { email }] = [await register(), await register()];
    const answers = [];
    for (let time = 0; time < 7; time += 1) {
      answers.push(
        await fixture.call('PATCH', '/api/auth/me', {
          as: token,
          body: { email, currentPassword: 'correct horse' },
          headers: { 'x-forwarded-for': '2001:db8:ffff:1::1' },
        }),
      );
    }
    expect(new Set(answers.map(({ body }) => body.code))).toEqual(new Set(['EMAIL_TAKEN']));
  });

  it('is not what the right password of somebody counts as who was deactivated; wrong ones do', async () => {
    const [{ email }, ip] = [await register(), newIp()];
    await fixture.database.pool.query('UPDATE users SET is_active = false WHERE email = $1', [email]);
    const answers = [];
    for (let time = 0; time < 7; time += 1) answers.push(await login(email, 'correct horse', ip));
    expect(new Set(answers.map(({ body }) => body.code))).toEqual(new Set(['ACCOUNT_DISABLED']));
    const wrong = [];
    for (let guess = 0; guess < 6; guess += 1) wrong.push(await login(email, `wrong horse ${guess}`, ip));
    expect(statuses(wrong)).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('with a stolen token, where the password is to be changed, ends too', async () => {
    const { token } = await register();
    const change = (currentPassword: string) =>
      fixture.call('POST', '/api/auth/password', {
        as: token,
        body: { currentPassword, newPassword: 'a horse of mine' },
        headers: { 'x-forwarded-for': newIp() },
      });
    const answers = [];
    for (let guess = 0; guess < 6; guess += 1) answers.push(await change(`wrong horse ${guess}`));
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
  });
});
