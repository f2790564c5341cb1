import { expect, test } from 'vitest';
import { chooseAdministrator } from './administrator.mjs';

const GENERATED = { adminPassword: 'generated' };
const FIRST = { email: 'first@wa-gate.test', password: 'first-password' };
const GIVEN = { ADMIN_EMAIL: 'Other@wa-gate.test', ADMIN_PASSWORD: 'other-password' };

const choose = (secrets: object, env: Record<string, string>, administrators: string[]) =>
  chooseAdministrator({ secrets: { ...GENERATED, ...secrets } as never, env, administrators });

test('at the first start: what the environment says, else the generated one', () => {
  expect(choose({}, {}, [])).toEqual({ admin: { email: 'admin@wa-gate.local', password: 'generated' } });
  expect(choose({}, GIVEN, [])).toEqual({ admin: { email: 'Other@wa-gate.test', password: 'other-password' } });
});

test('a first start that failed, before there was one, does not count', () => {
  expect(choose({ firstAdministrator: FIRST }, GIVEN, []).admin.password).toBe('other-password');
});

test('later: the one that was made, and what is not used is named', () => {
  const stored = { firstAdministrator: FIRST };
  expect(choose(stored, {}, [FIRST.email])).toEqual({ admin: FIRST });
  expect(choose(stored, { ADMIN_EMAIL: FIRST.email, ADMIN_PASSWORD: FIRST.password }, [FIRST.email])).toEqual({
    admin: FIRST,
  });
  expect(choose(stored, GIVEN, [FIRST.email])).toMatchObject({
    admin: FIRST,
    ignored: expect.stringMatching(/^ADMIN_EMAIL and ADMIN_PASSWORD are not used: there is an administrator already\./),
  });
  expect(choose(stored, { ...GIVEN, ADMIN_EMAIL: FIRST.email }, [FIRST.email]).ignored).toMatch(
    /^ADMIN_PASSWORD is not used/,
  );
});

test('a folder that does not say with what it was made: the one whose address is an administrator', () => {
  expect(choose({}, GIVEN, ['other@wa-gate.test']).admin.password).toBe('other-password');
  expect(choose({}, GIVEN, ['admin@wa-gate.local'])).toMatchObject({
    admin: { email: 'admin@wa-gate.local', password: 'generated' },
    ignored: expect.stringContaining('not used'),
  });
});
