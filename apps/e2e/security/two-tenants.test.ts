import { beforeAll, expect, test } from 'vitest';
import type { GatewayClient } from '../harness/gateway-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { type ApiDocument, loadDocument } from './openapi/document.ts';
import { askAs, ownAnswers, strangerAnswers } from './walk/walk.ts';
import { administratorOf } from './world/administrator.ts';
import { idParametersOf } from './world/resource-kinds.ts';
import { makeTenantWorld, type TenantWorld } from './world/tenant-world.ts';

const system = useSystem({ workers: 1 });
const SLUG = 'support';
let document: ApiDocument;
let red: TenantWorld;
let blue: TenantWorld;
let administrator: { api: GatewayClient; token: string };

beforeAll(async () => {
  document = await loadDocument(system().gateways[0]!.url);
  administrator = await administratorOf(system());
  red = await makeTenantWorld(system(), administrator.api, { slug: SLUG });
  blue = await makeTenantWorld(system(), administrator.api, { slug: SLUG });
});

test('every parameter of every route is known to the walk', () => {
  for (const operation of document.operations) expect(() => idParametersOf(operation)).not.toThrow();
});

test.each(['owner', 'viewer', 'ownerKey', 'sessionKey'] as const)(
  "for the other's %s nothing of this tenant's exists: every route answers as for what does not exist",
  async (credential) => {
    const answers = await strangerAnswers(system().gateway.as(blue.credentials[credential]), document, red, blue);
    expect(answers.length).toBeGreaterThan(30);
    for (const { what, toTheirs, toNothing } of answers) {
      expect(toTheirs, what).toEqual(toNothing);
      // A request that is refused for another reason would prove nothing.
      expect([403, 404], `${what}: ${toNothing.body}`).toContain(toNothing.status);
      if (credential === 'owner' && !what.includes('/api/admin/')) expect(toNothing.status, what).toBe(404);
    }
  },
);

test('no list and no answer shows the other anything of this tenant', async () => {
  const routes = document.operations.filter(
    ({ method, path, streams }) => method === 'GET' && !path.includes('{') && !streams,
  );
  for (const { path } of routes) {
    for (const credential of ['owner', 'viewer', 'ownerKey', 'sessionKey'] as const) {
      const { status, text } = await askAs(
        system().gateway.as(blue.credentials[credential]),
        'GET',
        `${path}?limit=200`,
      );
      for (const mark of red.marks) expect(text, `${path} as ${credential} (${status})`).not.toContain(mark);
    }
  }
});

test('the same name means the own session to each of the two', async () => {
  for (const tenant of [red, blue]) {
    const { text } = await askAs(tenant.owner.api, 'GET', `/api/sessions/${SLUG}/messages`);
    expect(text).toContain(tenant.marks[0]);
  }
});

test('after all that everything is still there, and its owner reaches it by the same requests', async () => {
  const answers = await ownAnswers(system(), administrator.token, document, red);
  const failed = answers.filter(({ status }) => status === 404 || status >= 500);
  expect(failed, JSON.stringify(failed)).toEqual([]);
  expect(answers.length).toBeGreaterThan(30);
});

expectSoundSystem(system);
