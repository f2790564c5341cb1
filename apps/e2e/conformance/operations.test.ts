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
import { REFUSING_CODES, type RefusedCall, refusalFault, refusalWorld, refusedCalls } from './refusals.ts';

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

/** What callers get for a code of WhatsApp. */
const REFUSALS = {
  403: { status: 403, code: 'WA_FORBIDDEN', retryable: false },
  404: { status: 404, code: 'WA_NOT_FOUND', retryable: false },
  409: { status: 422, code: 'WA_REFUSED', retryable: false },
  429: { status: 429, code: 'WA_PACING', retryable: true, retryAfter: 60 },
} as const;
/** Sessions for each code: each may ask WhatsApp a limited number of questions at once. */
const SESSIONS = 2;

test('every refusal of WhatsApp is told to the caller, and no session ends by it (MR-014)', async () => {
  const { sandbox } = system();
  const told: string[] = [];
  const expected: string[] = [];
  const refuse = async (wa: keyof typeof REFUSALS, part: number) => {
    const own = await pairSession(system(), tenant);
    const calls = refusedCalls(await refusalWorld({ system: system(), tenant, session: own, friend }));
    const refused = Object.entries(calls).filter((entry): entry is [OperationName, RefusedCall] => {
      return typeof entry[1] === 'object';
    });
    const before = await sandbox.devices(own.phone.number);
    const faults = await Promise.all(
      [...new Set(refused.map(([, { by }]) => by))].map((by) =>
        sandbox.addFault({ ...refusalFault(by), phone: own.phone.number, code: wa, count: 100_000 }),
      ),
    );
    for (const [name, { params = {}, query, body, success }] of refused.filter((_, at) => at % SESSIONS === part)) {
      const answer = await waitFor(
        async () => {
          const got = await ask(name, own.sessionId, params, query ?? body ?? {});
          // The session itself has asked as often as it may: WhatsApp was not asked.
          const { code, details } = got.body as unknown as { code?: string; details?: { wa?: string } };
          return code === 'WA_PACING' && details?.wa === undefined ? undefined : got;
        },
        { what: `${name} to be possible` },
      );
      const said = answer.body as unknown as Record<string, unknown> & { details?: { wa?: string } };
      const { code, retryable, retryAfter } = said;
      const word = { status: answer.status, code, retryable, ...(retryAfter !== undefined && { retryAfter }) };
      const isRefused = !success?.codes.includes(wa);
      told.push(`${wa} ${name} ${JSON.stringify(isRefused ? { ...word, wa: said.details?.wa } : answer.status)}`);
      expected.push(`${wa} ${name} ${JSON.stringify(isRefused ? { ...REFUSALS[wa], wa: String(wa) } : 200)}`);
      if (success && !isRefused) expect(answer.body.data, name).toMatchObject(success.data);
      // What has happened, and what to do.
      else if (!/\w[.:;] .*\.$/.test(String(said.error))) told.push(`${wa} ${name} ${String(said.error)}`);
    }
    await Promise.all(faults.map((fault) => sandbox.cancelFault(fault)));
    expect(await own.api.getSession(own.sessionId)).toMatchObject({ status: 'connected' });
    expect(await sandbox.devices(own.phone.number)).toEqual(before);
  };
  const parts = REFUSING_CODES.flatMap((wa) => Array.from({ length: SESSIONS }, (_, part) => refuse(wa, part)));
  await Promise.all(parts);
  expect(told.toSorted()).toEqual(expected.toSorted());
});

describe('a personal invitation into a group (MR-014, MR-011)', () => {
  const INVITED = { type: 'groupInvite', groupName: 'A group' } as const;
  const membersOf = async (group: string) =>
    (await system().sandbox.group(group)).participants.map(({ number }) => number);
  async function call<T>(name: OperationName, group: string, body: Record<string, unknown>) {
    const answer = await waitFor(
      async () => {
        const got = await ask(name, session.sessionId, { group }, body);
        return (got.body as { code?: string }).code === 'WA_PACING' ? undefined : got;
      },
      { what: `${name} to be possible` },
    );
    return { status: answer.status, body: answer.body as unknown as { data: T; details?: { wa?: string } } };
  }

  test('is offered for who cannot be added, is sent as a message, and is accepted by the phone', async () => {
    const { sandbox } = system();
    const someone = await addPhone(system(), 'Private');
    await sandbox.updatePhone(someone.number, { privacy: { groupadd: 'none' } });
    const made = { owner: session.phone.number, subject: 'A group', participants: [friend.number] };
    const { id: group } = await sandbox.createGroup(made);
    interface Added {
      participants: { result: string; invitation: { code: string; expiresAt: string } }[];
    }
    const people = { participants: [`+${someone.number}`] };
    const { body } = await call<Added>('groups.addParticipants', group, people);
    const [added] = body.data.participants;
    expect(added).toMatchObject({ result: 'invitation_needed', invitation: { code: expect.any(String) } });

    const { invitation } = added!;
    const message = { ...INVITED, groupId: group, invitation, caption: 'Come in' };
    const sent = await session.api.send(session.sessionId, { to: someone.number, ...message }, { wait: 'sent' });
    expect(sent.body.data).toMatchObject({ status: 'sent' });
    const received = await waitFor(async () => (await sandbox.inbox(someone.number)).at(-1), {
      what: 'the invitation',
    });
    expect(received).toMatchObject({
      type: 'groupInvite',
      text: 'Come in',
      details: { groupId: group, ...invitation },
    });
    expect(await membersOf(group)).not.toContain(someone.number);
    expect(await sandbox.acceptInvitation(group, someone.number)).toEqual({ isMember: true });
    expect(await membersOf(group)).toContain(someone.number);
  });

  test('that is received is accepted with what its message says, once; a wrong, expired or revoked one is refused', async () => {
    const { sandbox } = system();
    const { id: group } = await sandbox.createGroup({ owner: friend.number, subject: 'A group', participants: [] });
    const { number } = session.phone;
    const accepted = async (body: Record<string, unknown>) => {
      const { status, body: answer } = await call('groups.acceptInvitation', group, body);
      return [status, answer.details?.wa ?? answer.data];
    };
    const inviter = `+${friend.number}`;
    const { by: _, ...expired } = await sandbox.invite(group, { number, seconds: 0 });
    expect(await accepted({ inviter, ...expired })).toEqual([422, '410']);
    const { by: __, ...revoked } = await sandbox.invite(group, { number });
    await sandbox.revokeInvitation(group, number);
    expect(await accepted({ inviter, ...revoked })).toEqual([422, '410']);

    const { by: ___, ...invitation } = await sandbox.invite(group, { number });
    expect(await accepted({ inviter, ...invitation, code: 'another' })).toEqual([422, '406']);
    expect(await accepted({ inviter: `+${number}`, ...invitation })).toEqual([422, '406']);
    const { id } = await sandbox.send(friend.number, { to: number, ...INVITED, groupId: group, invitation });
    const { content, from } = await waitFor(
      async () => (await session.api.messages(session.sessionId)).find(({ waMessageId }) => waMessageId === id),
      { what: 'the invitation in the list' },
    );
    const { groupId, code, expiresAt } = content as Record<string, string>;
    expect(groupId).toBe(group);
    const given = { inviter: from, code, expiresAt };
    expect(await accepted(given)).toEqual([200, { group, isWaiting: false }]);
    expect(await membersOf(group)).toContain(number);
    expect(await accepted(given)).toEqual([422, '409']);
  });
});

test('every operation has its own name, and its own method and path', () => {
  const routes = Object.values(OPERATIONS).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(OPERATION_NAMES.length);
});

expectSoundSystem(system);
