import { readFileSync } from 'node:fs';
import { LIMITS } from '@wa-gate/contracts';
import { claimOutbox, publishHints, recordOutcomes } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN, createGatewayFixture, type GatewayFixture, JOIN_TOKEN } from './testing/gateway-fixture.ts';
import { startWorkerStandIn, type WorkerStandIn } from './testing/worker-stand-in.ts';

/**
 * The promised examples of the API as data: the request, and the fields of its response. In a response, `string`,
 * `number` and `time` name the type of a field, `=word` its value.
 */
interface Example {
  name: string;
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  as?: string;
  request?: Record<string, unknown>;
  response: Record<string, unknown>;
}

const { examples } = JSON.parse(readFileSync(new URL('./testing/api-examples.json', import.meta.url), 'utf8')) as {
  examples: Example[];
};
const example = (name: string) => examples.find((candidate) => candidate.name === name)!;

let fixture: GatewayFixture;
let worker: WorkerStandIn;
const asked = new Set<string>();
const credentials: Record<string, string> = { worker: JOIN_TOKEN };

beforeAll(async () => {
  fixture = await createGatewayFixture();
  worker = await startWorkerStandIn(fixture.masterKey, 'worker-001');
});
afterAll(async () => {
  await fixture?.close();
  await worker?.close();
});

/** Every field of the example is in the answer, at the same place, and is what the example says. */
function compare(actual: unknown, expected: unknown, path = 'answer'): void {
  if (Array.isArray(expected)) {
    expect(Array.isArray(actual), `${path} is a list`).toBe(true);
    compare((actual as unknown[])[0], expected[0], `${path}[0]`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      expect(actual, `${path} has ${key}`).toHaveProperty(key);
      compare((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
    }
  } else if (expected === 'time') {
    expect(actual, path).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  } else if (expected === 'string' || expected === 'number') {
    expect(typeof actual, path).toBe(expected);
  } else if (typeof expected === 'string' && expected.startsWith('=')) {
    expect(String(actual), path).toBe(expected.slice(1));
  } else {
    expect(actual, path).toEqual(expected);
  }
}

async function ask(name: string, changes: Record<string, unknown> = {}, query = '') {
  asked.add(name);
  const { method, path, as, request, response } = example(name);
  const url = path.replace('{sessionId}', 'user123-personal').replace('{workerId}', 'worker-001');
  const { status, body } = await fixture.call(method, url + query, {
    ...(as && { as: credentials[as]! }),
    ...(request && { body: { ...request, ...changes } }),
  });
  expect(status, `${name}: ${JSON.stringify(body)}`).toBeLessThan(300);
  compare(body, response);
  return body.data;
}

it('registers and logs in (MR-001, MR-002)', async () => {
  await ask('user registration');
  credentials.user = (await ask('user login')).token;
  await fixture.gateway.services.auth.ensureAdministrator(ADMIN.email, ADMIN.password);
  credentials.administrator = (await fixture.call('POST', '/api/auth/login', { body: ADMIN })).body.data.token;
});

it('registers a worker, takes its heartbeat and lists it (MR-015, MR-017, MR-018)', async () => {
  const registered = await ask('register worker', { endpoint: worker.endpoint });
  credentials['worker-001'] = registered.token;
  await ask('worker health update');
  await ask('get workers');
});

it('creates a session and lists it (MR-006, MR-007)', async () => {
  credentials.session = (await ask('create session')).apiKey;
  await fixture.database.pool.query(
    `UPDATE sessions SET state = 'CONNECTED', paired_at = now(), last_seen_at = now(), phone_number = '6281234567890'`,
  );
  await ask('user sessions');
});

it('sends (MR-011)', async () => {
  // Not the 10 s of the default, which a busy machine may need for what follows.
  const answer = ask('send', {}, `?timeoutMs=${LIMITS.waitMaxMs}`);
  const { rows } = await fixture.database.pool.query<{ id: string }>('SELECT id FROM sessions');
  const owner = { sessionId: rows[0]!.id, epoch: 1 };
  const item = await waitFor(async () => (await claimOutbox(fixture.database.pool, [owner], 1))[0]);
  const outcome = { ...owner, waMessageId: item.waMessageId, state: 'SENT' as const, at: new Date() };
  const { moved } = await recordOutcomes(fixture.database.pool, [outcome]);
  publishHints(fixture.redis, [{ sessionId: owner.sessionId, seq: 1, messages: moved }]);
  await answer;
});

it('shows the figures of the installation and its users (MR-021, MR-022, MR-096)', async () => {
  await ask('system analytics');
  await ask('get users');
});

it('every example was asked', () => {
  expect([...asked].sort()).toEqual(examples.map(({ name }) => name).sort());
});
