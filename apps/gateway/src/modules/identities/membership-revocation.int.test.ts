import { createFaultProxy, type FaultProxy, testRedisUrl } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';
import { otherwiseFor } from '../../testing/timing.ts';

let redisLine: FaultProxy;
let here: GatewayFixture;
let there: GatewayFixture;
let owner: TestUser;
let guest: TestUser;
let workspaceId: string;
let guestId: string;
let guestToken: string;
beforeAll(async () => {
  redisLine = await createFaultProxy(testRedisUrl());
  here = await createGatewayFixture({}, { redis: redisLine.url });
  there = await createGatewayFixture({}, { redis: redisLine.url, beside: here });
  [owner, guest] = [await here.register(), await here.register()];
  workspaceId = (await here.call('GET', '/api/auth/me', { as: owner.token })).body.data.workspaceId;
  guestId = (await here.call('GET', '/api/auth/me', { as: guest.token })).body.data.user.id;
  const { body } = await here.call('POST', `/api/workspaces/${workspaceId}/invitations`, {
    as: owner.token,
    body: { email: guest.email, role: 'owner' },
  });
  await here.call('POST', `/api/invitations/${body.data.token}/accept`, { as: guest.token });
  const switched = await here.call('POST', '/api/auth/switch', { as: guest.token, body: { workspaceId } });
  guestToken = switched.body.data.token;
  redisLine.set('refuse');
});
afterAll(async () => {
  await there?.close();
  await here?.close();
  await redisLine?.close();
});

const keysThere = async () => (await there.call('GET', '/api/keys', { as: guestToken })).status;

it('a role that was changed on one gateway is the role on the other one within a second, without Redis', async () => {
  expect(await keysThere()).toBe(200);
  const changed = await here.call('PATCH', `/api/workspaces/${workspaceId}/members/${guestId}`, {
    as: owner.token,
    body: { role: 'viewer' },
  });
  expect(changed.status).toBe(200);
  expect(await otherwiseFor(async () => (await keysThere()) === 403)).toBeLessThan(1_000);
});

it('a member who was removed on one gateway is a stranger on the other one within a second, without Redis', async () => {
  const workspaceThere = async () =>
    (await there.call('GET', `/api/workspaces/${workspaceId}`, { as: guest.token })).status;
  expect([await keysThere(), await workspaceThere()]).toEqual([403, 200]);
  const removed = await here.call('DELETE', `/api/workspaces/${workspaceId}/members/${guestId}`, { as: owner.token });
  expect(removed.status).toBe(200);
  const isStranger = async () => (await keysThere()) === 401 && (await workspaceThere()) === 404;
  expect(await otherwiseFor(isStranger)).toBeLessThan(1_000);
});
