import { expect, test } from 'vitest';
import type { BinaryNode } from './baileys.ts';
import { readChannel, readChannels } from './channel-nodes.ts';
import { NoAnswerError, QueryRefusedError, whatsAppCodeOf } from './errors.ts';
import { askMex } from './mex.ts';

const QUERY = { id: '6563316087068696', path: 'xwa2_newsletter' };
const answering = (answer: unknown) => {
  const asked: BinaryNode[] = [];
  const query = async (node: BinaryNode) => {
    asked.push(node);
    if (answer === undefined) return undefined;
    const content = Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer));
    return { tag: 'iq', attrs: {}, content: [{ tag: 'result', attrs: {}, content }] };
  };
  return { asked, sock: { query } as never };
};

test('a query has its number and its variables, and its answer is the member that it names', async () => {
  const { asked, sock } = answering({ data: { xwa2_newsletter: { id: '1@newsletter' } } });
  expect(await askMex(sock, QUERY, { input: { key: 'x' } })).toEqual({ id: '1@newsletter' });
  const [query] = asked[0]!.content as BinaryNode[];
  expect([asked[0]!.attrs.xmlns, query!.attrs.query_id]).toEqual(['w:mex', QUERY.id]);
  expect(JSON.parse(Buffer.from(query!.content as Uint8Array).toString('utf8'))).toEqual({
    variables: { input: { key: 'x' } },
  });
});

test('silence is no success (MR-014)', async () => {
  await expect(askMex(answering(undefined).sock, QUERY, {})).rejects.toThrow(NoAnswerError);
});

test.each([
  ['a refusal of WhatsApp', { data: null, errors: [{ message: 'Forbidden', extensions: { error_code: 403 } }] }, 403],
  ['a refusal without a code', { data: null, errors: [{ message: 'No' }] }, 400],
  ['an answer of another query', { data: { xwa2_other: {} } }, 400],
  ['what is no JSON', '<html>', 400],
])('%s is a refusal with its code', async (_what, answer, code) => {
  const refusal = await askMex(answering(answer).sock, QUERY, {}).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(QueryRefusedError);
  expect(whatsAppCodeOf(refusal)).toBe(code);
});

test('a channel is read with whatever WhatsApp leaves out', () => {
  expect(readChannel({ id: '1@newsletter' })).toMatchObject({ name: '', followers: 0, role: 'guest', state: 'active' });
  const full = {
    id: '1@newsletter',
    state: { type: 'SUSPENDED' },
    thread_metadata: { name: { text: 'News' }, subscribers_count: '12', verification: 'VERIFIED', invite: '0029Va' },
    viewer_metadata: { role: 'SUBSCRIBER', mute: 'ON' },
  };
  const told = { name: 'News', followers: 12, isVerified: true, role: 'follower', isMuted: true, state: 'suspended' };
  expect(readChannel(full)).toMatchObject({ ...told, inviteLink: 'https://whatsapp.com/channel/0029Va' });
});

test('no channel is a refusal, and is left out of lists', () => {
  expect(() => readChannel(null)).toThrow(expect.objectContaining({ data: 404 }));
  expect(readChannels([null, {}, { id: '1@newsletter' }])).toHaveLength(1);
  expect(readChannels(undefined)).toEqual([]);
});
