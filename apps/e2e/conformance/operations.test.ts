import {
  type InputOf,
  OPERATION_NAMES,
  OPERATIONS,
  type OperationName,
  operationOf,
  parametersOf,
} from '@wa-gate/contracts';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../harness/http.ts';
import { addPhone, type PairedSession, pairSession, registerTenant, type Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Proof, proofsOf } from './proofs/index.ts';

/**
 * Calls each operation of the registry with its examples, on a session that is linked to a phone of the sandbox, and
 * checks its effect there.
 */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  friend = await addPhone(system(), 'Friend');
  // The first message of the phone brings the name of the account, which presences need.
  await system().sandbox.sendText(session.phone.number, friend.number, 'Hello.');
  await system().sandbox.watchPresence(friend.number, session.phone.number);
});

const PROOFS = proofsOf({
  get system() {
    return system();
  },
  get tenant() {
    return tenant;
  },
  get session() {
    return session;
  },
  get friend() {
    return friend;
  },
});

interface Data {
  data: unknown;
}

/** The same input with the phone of this run as the recipient. */
function given(name: OperationName, example: object): Record<string, unknown> {
  const fields = Object.entries(operationOf(name).input);
  const recipients = fields.filter(([, schema]) => (schema as { 'x-recipient'?: boolean })['x-recipient']);
  const names = new Set(recipients.map(([field]) => field));
  return Object.fromEntries(
    Object.entries(example).map(([field, value]) => [field, names.has(field) ? `+${friend.number}` : value]),
  );
}

function ask(
  name: OperationName,
  sessionId: string,
  params: Record<string, unknown>,
  input: Record<string, unknown>,
): Promise<HttpAnswer<Data>> {
  const { method, path, input: fields, body, params: ownParams } = operationOf(name);
  const url = parametersOf(path).reduce(
    (made, field) => made.replace(`:${field}`, encodeURIComponent(String(params[field]))),
    `/api${path.replace(':id', sessionId)}`,
  );
  const hasInput = Object.keys(input).length > 0;
  if (method === 'GET') {
    const query = new URLSearchParams(input as Record<string, string>).toString();
    return tenant.api.call<Data>(hasInput ? `${url}?${query}` : url);
  }
  const inPath = parametersOf(path);
  const takesBody = body !== undefined || (!ownParams && Object.keys(fields).some((field) => !inPath.includes(field)));
  return tenant.api.call<Data>(url, { method, ...(takesBody && { json: input }) });
}

describe.each(OPERATION_NAMES)('%s (MR-014)', (name) => {
  test.each(operationOf(name).examples.map((example) => [example]))('%j', async (example) => {
    const input = given(name, example);
    const proof = PROOFS[name] as Proof<OperationName>;
    const sessionId = (await proof.on?.()) ?? session.sessionId;
    const own = await proof.body?.(input as InputOf<OperationName>);
    const params = (await proof.params?.(input as InputOf<OperationName>)) ?? input;
    const inPath = parametersOf(operationOf(name).path);
    const sent = Object.fromEntries(Object.entries(input).filter(([field]) => !inPath.includes(field)));
    const { status, body } = await waitFor(
      async () => {
        const answer = await ask(
          name,
          sessionId,
          params,
          proof.query?.(input as InputOf<OperationName>) ?? own ?? sent,
        );
        // 409 and 503: WhatsApp has not sent something yet, such as the name of the account. 429: the session has asked
        // WhatsApp as often as it may.
        return [409, 429, 503].includes(answer.status) ? undefined : answer;
      },
      { what: `${name} to be possible` },
    );
    expect(status, JSON.stringify(body)).toBe(200);
    const { data, answer } = operationOf(name);
    expect([...Value.Errors(data ?? answer, body.data)]).toEqual([]);
    await proof.seen(input as InputOf<OperationName>, body.data, sessionId);
  });
});

test('every operation has its own name, and its own method and path', () => {
  const routes = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(OPERATION_NAMES.length);
});

expectSoundSystem(system);
