import {
  PERMISSIONS,
  type Permission,
  ROLE_PERMISSIONS,
  WORKSPACE_ROLES,
  type WorkspaceRoleName,
} from '@wa-gate/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Audience } from './plugins/route-access.ts';
import { createGatewayFixture, type GatewayFixture, type TestUser } from './testing/gateway-fixture.ts';

/**
 * The matrix of roles (MR-146), asked of the running app: every route, with every role, as a person and as a key. The
 * requirement of a route is read off the route, the permissions of a role off the one table; the answers must be what
 * the two give together.
 */
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Route {
  id: string;
  method: Method;
  path: string;
  audience: Audience | undefined;
  permission: Permission | undefined;
  /** Declared where a route proves its callers itself, or needs no proof. */
  security: unknown;
}

type Credentials = Record<WorkspaceRoleName, { person: string; key: string }>;

let fixture: GatewayFixture;
let owner: TestUser;
let workspaceId: string;
let credentials: Credentials;
let sessionKey: string;
let routes: Route[];

beforeAll(async () => {
  fixture = await createGatewayFixture();
  await fixture.startWorker('worker-001');
  owner = await fixture.register();
  workspaceId = (await fixture.call('GET', '/api/auth/me', { as: owner.token })).body.data.workspaceId;
  const made = await Promise.all(WORKSPACE_ROLES.map(async (role) => [role, await credentialsOf(role)] as const));
  credentials = Object.fromEntries(made) as Credentials;
  sessionKey = (await fixture.createSession(owner)).key;
  routes = await readRoutes();
});
afterAll(() => fixture?.close());

/** A member with this role, with a token for the workspace, and a key of the same role. */
async function credentialsOf(role: WorkspaceRoleName) {
  const { body } = await fixture.call('POST', '/api/keys', { as: owner.token, body: { name: role, role } });
  const key: string = body.data.apiKey;
  const member = await fixture.register();
  const invited = await fixture.call('POST', `/api/workspaces/${workspaceId}/invitations`, {
    as: owner.token,
    body: { email: member.email, role },
  });
  await fixture.call('POST', `/api/invitations/${invited.body.data.token}/accept`, { as: member.token });
  const switched = await fixture.call('POST', '/api/auth/switch', { as: member.token, body: { workspaceId } });
  return { person: switched.body.data.token as string, key };
}

async function readRoutes(): Promise<Route[]> {
  const { paths } = (await fixture.app.describeApi()) as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase() as Method,
      path,
      audience: operation['x-audience'] as Audience | undefined,
      permission: operation['x-permission'] as Permission | undefined,
      security: operation.security,
    })),
  );
}

/** Where nothing is: a route that lets the caller in finds nothing to do harm to. */
const urlOf = ({ path }: Route): string =>
  path
    .replace('/workspaces/{id}', `/workspaces/${workspaceId}`)
    // Without end, but for a cursor that is none.
    .replace('/events/stream', '/events/stream?after=none')
    .replace(/\{[^}]+\}/g, '00000000-0000-7000-8000-000000000000');

async function isRefused(route: Route, as: string): Promise<boolean> {
  // An unreadable body: nothing is done by a route that lets the caller in, for guards come before bodies.
  const body = route.method === 'GET' || route.method === 'DELETE' ? {} : { body: { nothing: 'of the kind' } };
  const answer = await fixture.call(route.method, urlOf(route), { as, ...body });
  expect(answer.status, route.id).not.toBe(401);
  return answer.status === 403 && answer.body.code === 'FORBIDDEN';
}

describe('the table of permissions (MR-146)', () => {
  it('is the v2 brief’s', () => {
    const ofBrief = PERMISSIONS.filter((permission) => !permission.startsWith('media.'));
    const table = Object.fromEntries(
      WORKSPACE_ROLES.map((role) => [role, ofBrief.map((permission) => ROLE_PERMISSIONS[role][permission])]),
    );
    expect(ofBrief).toEqual([
      'messages.send',
      'logs.view',
      'broadcasts.manage',
      'users.manage',
      'webhooks.manage',
      'system.manage',
    ]);
    expect(table).toEqual({
      owner: [true, true, true, true, true, true],
      operator: [true, true, true, false, false, false],
      viewer: [false, true, false, false, false, false],
    });
  });

  it('has two more for files: who sees messages may read them, who sends may upload', () => {
    for (const role of WORKSPACE_ROLES) {
      const allowed = ROLE_PERMISSIONS[role];
      expect(allowed['media.view']).toBe(allowed['logs.view']);
      expect(allowed['media.upload']).toBe(allowed['messages.send']);
    }
  });

  it('is what every route asks: each has a guard, or says itself how its callers prove who they are', () => {
    expect(routes.length).toBeGreaterThan(60);
    const api = routes.filter(({ path }) => path.startsWith('/api/'));
    const open = api.filter(({ audience, security }) => audience === undefined && security === undefined);
    expect(open.map(({ id }) => id)).toEqual([]);
    for (const permission of PERMISSIONS) {
      expect(
        api.some((route) => route.permission === permission),
        permission,
      ).toBe(true);
    }
  });

  it.each(WORKSPACE_ROLES)('is what a person with the role %s may do, on every route', async (role) => {
    const asked = routes.filter(({ permission }) => permission);
    expect(asked.length).toBeGreaterThan(25);
    for (const route of asked) {
      const isAllowed = route.audience !== 'administrator' && ROLE_PERMISSIONS[role][route.permission!];
      // Whose workspace it is may delete it, and nobody else with the role.
      if (route.id === 'DELETE /api/workspaces/{id}' && role === 'owner') continue;
      expect([route.id, await isRefused(route, credentials[role].person)]).toEqual([route.id, !isAllowed]);
    }
  });

  it.each(WORKSPACE_ROLES)(
    'is what a key with the role %s may do, on every route that is not for people only',
    async (role) => {
      for (const route of routes.filter(({ permission }) => permission)) {
        const isAllowed =
          (route.audience === 'caller' || route.audience === 'workspace') && ROLE_PERMISSIONS[role][route.permission!];
        expect([route.id, await isRefused(route, credentials[role].key)]).toEqual([route.id, !isAllowed]);
      }
    },
  );

  it('holds no route open to a session key that is for workspaces or people', async () => {
    const closed = routes.filter(({ audience }) => audience && audience !== 'caller' && audience !== 'public');
    expect(closed.length).toBeGreaterThan(25);
    for (const route of closed) {
      expect([route.id, await isRefused(route, sessionKey)]).toEqual([route.id, true]);
    }
  });

  it.each(WORKSPACE_ROLES)('gives no role the routes of administrators: %s', async (role) => {
    const closed = routes.filter(({ audience }) => audience === 'administrator');
    expect(closed.length).toBeGreaterThan(10);
    for (const route of closed) {
      for (const as of [credentials[role].person, credentials[role].key]) {
        expect([route.id, await isRefused(route, as)]).toEqual([route.id, true]);
      }
    }
  });

  it('narrows keys of the administration: a viewer changes nothing, and what cannot see sees nothing', async () => {
    const as = await fixture.adminToken();
    const make = async (body: object): Promise<string> =>
      (await fixture.call('POST', '/api/keys', { as, body: { name: 'Admin', scope: 'admin', ...body } })).body.data
        .apiKey;
    const viewer = await make({ role: 'viewer' });
    const sender = await make({ role: 'operator', permissions: ['messages.send'] });
    const closed = routes.filter(({ audience }) => audience === 'administrator');
    for (const route of closed) {
      expect([route.id, await isRefused(route, viewer)]).toEqual([route.id, route.method !== 'GET']);
      expect([route.id, await isRefused(route, sender)]).toEqual([route.id, true]);
    }
    expect((await fixture.call('GET', '/api/admin/users', { as: await make({}) })).status).toBe(200);
  });
});
