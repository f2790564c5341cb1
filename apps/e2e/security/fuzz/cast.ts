import { newToken, TOKEN_PREFIX } from '@wa-gate/kit';
import type { UnexpectedAnswer } from '../../harness/http.ts';
import { registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { administratorOf } from '../world/administrator.ts';
import { raiseLimits } from '../world/raise-limits.ts';
import { RESOURCE_KINDS, type ResourceKind } from '../world/resource-kinds.ts';
import { logInTo, makeTenantWorld, type TenantWorld } from '../world/tenant-world.ts';
import type { ActorName, FuzzCase } from './cases.ts';
import { IdPool } from './id-pool.ts';
import { learnedFrom } from './learn.ts';
import type { FuzzCast } from './run-fuzz.ts';
import type { FuzzAnswer } from './send-case.ts';

type Headers = Record<string, string>;
const bearer = (value: string): Headers => ({ authorization: `Bearer ${value}` });

/** Requests of an administrator that change limits which the rest of the run needs. */
const CHANGES_LIMITS = /^(?:PUT|DELETE) \/api\/admin\/(?:rate-limits|tiers)\//;
const STOPS_WORKERS = /^(?:POST|PATCH|DELETE) \/api\/admin\/workers\/\{id\}/;
/** Requests that end a linked session, the workspace of other members, or a user. */
const ENDS = /^DELETE \/api\/(?:sessions|workspaces|admin\/users)\/\{id\}$|\/(?:logout|leave)$/;
/** The count of spare users that may be deleted. */
const SPARES = 4;

/** The senders of requests and the resources. A sender who loses a credential gets another one. */
export async function createCast(system: System): Promise<FuzzCast> {
  const pool = new IdPool();
  const credentials = new Map<ActorName, Headers>();
  // A login of no actor, so that no request can end it.
  const steward = await administratorOf(system);
  let world: TenantWorld;
  let renewal: Promise<void> | undefined;

  async function hireTenant(): Promise<void> {
    await reopen();
    world = await makeTenantWorld(system, steward.api, { slug: 'support' });
    const { credentials: given, ids } = world;
    pool.pin('session', ids.get('session')!.slice(1));
    pool.pin('workspace', ids.get('workspace')!.slice(1));
    pool.pin('member', ids.get('member')!.slice(-1));
    pool.pin('message', ids.get('message')!);
    for (const kind of RESOURCE_KINDS) {
      for (const id of ids.get(kind) ?? []) if (!isVital(kind, id, ids)) pool.add(kind, id);
    }
    const spare = await world.owner.api.data<{ key: { id: string } }>('/api/keys', {
      method: 'POST',
      json: { name: 'spare' },
    });
    pool.add('key', spare.key.id);
    credentials
      .set('owner', bearer(given.owner))
      .set('operator', bearer(given.operator))
      .set('viewer', bearer(given.viewer))
      .set('owner key', { 'x-api-key': given.ownerKey })
      .set('operator key', bearer(given.operatorKey))
      .set('viewer key', bearer(given.viewerKey))
      .set('session key', bearer(given.sessionKey));
  }

  /** Renews a credential: logs in again, or makes a new tenant. */
  async function replace(actor: ActorName): Promise<void> {
    const { status } = await system.gateway.call('/api/limits', { headers: credentials.get(actor)! });
    if (status !== 401) return;
    await reopen();
    if (actor === 'administrator') return await hireAdministrator();
    const person = world.people[actor as 'owner'];
    if (!person) return await hireTenant();
    const token = await logInTo(system, person, world.ids.get('workspace')![0]!).catch((error: UnexpectedAnswer) => {
      // A lowered limit locks out for a moment, which passes. Other refusals do not.
      if (error.answer.status === 429) throw error;
      return undefined;
    });
    if (token === undefined) return await hireTenant();
    credentials.set(actor, bearer(token));
  }

  async function hireAdministrator(): Promise<void> {
    credentials.set('administrator', bearer((await administratorOf(system)).token));
  }

  /** Runs one renewal at a time; concurrent calls share it. */
  function renew(hire: () => Promise<void>): Promise<void> {
    renewal ??= insist(hire).finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  async function reopen(): Promise<void> {
    await raiseLimits(steward.api);
    for (const { spec } of system.workers) {
      await steward.api.call(`/api/admin/workers/${spec.env.WORKER_ID}/uncordon`, { method: 'POST' });
    }
  }

  credentials.set('anonymous', {}).set('garbage', bearer(newToken(TOKEN_PREFIX.liveKey).token));
  credentials.set('worker', { 'x-worker-token': system.joinToken });
  await hireAdministrator();
  await hireTenant();
  const spares: string[] = [];
  for (let spare = 0; spare < SPARES; spare++) {
    const { api } = await registerTenant(system);
    spares.push((await api.data<{ user: { id: string } }>('/api/auth/me')).user.id);
  }
  pool.pin('user', spares.slice(0, SPARES / 2));
  for (const id of spares.slice(SPARES / 2)) pool.add('user', id);
  for (const [kind, ids] of PLATFORM_IDS) for (const id of ids) pool.add(kind, id);
  // The first worker is not in the pool: it keeps the run going.
  for (const { spec } of system.workers.slice(1)) pool.add('worker', spec.env.WORKER_ID!);

  return {
    async headersOf({ actor }) {
      await renewal;
      return credentials.get(actor) ?? {};
    },
    idOf({ method, operation }, kind, index) {
      const isSafe = method === 'GET' && kind === 'worker' && index % 2 === 0;
      if (isSafe) return system.workers[0]!.spec.env.WORKER_ID!;
      return pool.at(kind, index, { ends: ENDS.test(`${method} ${operation.path}`) });
    },
    async observe(planned, answer) {
      if (answer.status < 300) {
        for (const [kind, id] of learnedFrom(planned, answer.body)) pool.add(kind, id);
        if (CHANGES_LIMITS.test(planned.operation.id) || STOPS_WORKERS.test(planned.operation.id)) await renew(reopen);
      }
      if (hasLostCredential(planned, answer)) await renew(() => replace(planned.actor));
    },
  };
}

const VITAL_FIRST = new Set<ResourceKind>(['workspace', 'user']);
const VITAL = new Set<ResourceKind>(['key']);

/** Whether its end ends credentials of the cast. */
function isVital(kind: ResourceKind, id: string, ids: ReadonlyMap<ResourceKind, string[]>): boolean {
  if (kind === 'session') return id !== ids.get(kind)?.[0];
  if (kind === 'member') return id !== ids.get(kind)?.at(-1);
  return VITAL.has(kind) || (VITAL_FIRST.has(kind) && id === ids.get(kind)?.[0]);
}

/** Retries: a lowered limit may still refuse the request that raises it again. */
async function insist(hire: () => Promise<void>): Promise<void> {
  let failure: unknown;
  const succeeds = () =>
    hire().then(
      () => true,
      (error: unknown) => {
        failure = error;
        return false;
      },
    );
  await waitFor(succeeds, { what: 'what the run needs' }).catch((error: Error) => {
    throw new Error(error.message, { cause: failure });
  });
}

const PLATFORM_IDS: [ResourceKind, string[]][] = [
  ['bucket', ['ip', 'qr', 'dashboard']],
  ['login lock', ['account_no-such-hash', 'address_MTk4LjUxLjEwMC43']],
  ['tier', ['basic', 'pro', 'max']],
  ['error code', ['VALIDATION', 'NO_WORKER']],
];

const WITHOUT_LOGIN = new Set<ActorName>(['anonymous', 'garbage', 'worker']);
/** Routes that need another credential than that of the caller, and refuse it. */
const OTHER_PROOF =
  /^\/api\/(?:auth\/(?:login|refresh|register|password|me|.*reset.*|.*verify.*)|admin\/workers\/.*(?:register|heartbeat|token))/;

function hasLostCredential(planned: FuzzCase, { status }: FuzzAnswer): boolean {
  if (planned.mutations.some((mutation) => mutation.startsWith('header '))) return false;
  return status === 401 && !WITHOUT_LOGIN.has(planned.actor) && !OTHER_PROOF.test(planned.operation.path);
}
