import { newId } from '@wa-gate/kit';
import { storeInbound } from '@wa-gate/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let sessions: TestSession[];
/** All, oldest first. */
const ids: string[] = [];

const LID = '111222333@lid';
const ANN = '15551234567@s.whatsapp.net';

beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  sessions = [await fixture.createSession(user), await fixture.createSession(user)];
  for (const session of sessions) await fixture.setState(session, 'CONNECTED');
  for (let round = 0; round < 3; round += 1) {
    for (const session of sessions) {
      const { body } = await fixture.call('POST', '/api/messages/send', {
        as: session.key,
        body: { to: '6281234567890', message: 'out' },
      });
      ids.push(body.data.messageId);
    }
  }
  const id = newId();
  await storeInbound(fixture.database.pool, [
    {
      sessionId: sessions[0]!.id,
      epoch: 1,
      id,
      waMessageId: 'A1',
      chatJid: LID,
      chatAltJid: ANN,
      fromJid: LID,
      fromMe: false,
      type: 'text' as const,
      text: 'in',
      waTimestamp: new Date(),
    },
  ]);
  ids.push(id);
});

const list = (query = '', as = user.token) => fixture.call('GET', `/api/messages${query}`, { as });
const found = async (query = '', as = user.token) => {
  const { status, body } = await list(query, as);
  expect(status).toBe(200);
  return body.data.messages.map(({ id }: { id: string }) => id) as string[];
};
const newestFirst = () => ids.toReversed();

describe('GET /api/messages (MR-035)', () => {
  it('is the history of all sessions, newest first; of a session key only its own', async () => {
    expect(await found()).toEqual(newestFirst());
    expect(await found('', user.apiKey)).toEqual(newestFirst());
    expect(await found('', sessions[1]!.key)).toEqual([5, 3, 1].map((index) => ids[index]));
    expect(await found('', (await fixture.register()).token)).toEqual([]);
  });

  it('goes on where the page before has ended, over all sessions', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await list(`?limit=2&count=true${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.messages.map(({ id }: { id: string }) => id));
      expect(body.data.pagination).toMatchObject({ total: 7, hasMore: body.data.pagination.nextCursor !== null });
      cursor = body.data.pagination.nextCursor ?? '';
    } while (cursor);
    expect(seen).toEqual(newestFirst());
  });

  it('counts only when it is asked to', async () => {
    expect((await list()).body.data.pagination).toEqual({
      nextCursor: null,
      previousCursor: ids.at(-1),
      hasMore: false,
    });
  });

  it('finds by session, direction, status, chat and time', async () => {
    const [first, second] = sessions;
    expect(await found(`?sessionId=${second!.slug}`)).toEqual([5, 3, 1].map((index) => ids[index]));
    expect(await found('?direction=inbound')).toEqual([ids[6]]);
    expect(await found(`?status=queued&sessionId=${first!.slug}`)).toEqual([4, 2, 0].map((index) => ids[index]));
    expect(await found('?status=read')).toEqual([]);
    expect((await list('?status=queued&count=true&limit=1')).body.data.pagination.total).toBe(6);
    for (const chat of ['15551234567', '+1 555 123 4567', ANN, LID]) {
      expect(await found(`?chat=${encodeURIComponent(chat)}`), chat).toEqual([ids[6]]);
    }
    const chat = '?chat=6281234567890';
    expect(await found(chat)).toEqual([5, 4, 3, 2, 1, 0].map((index) => ids[index]));
    expect((await list(`${chat}&count=true`)).body.data.pagination.total).toBe(6);
    // Of one session: a full page comes from the latest messages, another from the whole chat.
    for (const limit of [1, 2, 3, 50]) {
      const page = await found(`${chat}&sessionId=${first!.slug}&limit=${limit}`);
      expect(page, String(limit)).toEqual([4, 2, 0].slice(0, limit).map((index) => ids[index]));
    }
    const { rows } = await fixture.database.pool.query<{ at: Date }>(
      'SELECT created_at AS at FROM messages ORDER BY id OFFSET 3 LIMIT 1',
    );
    const at = rows[0]!.at.getTime();
    const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
    // An id is made before its row is: on a busy machine a good while before.
    const after = await found(`?from=${iso(at + 10_000)}`);
    const before = await found(`?to=${iso(at - 10_000)}`);
    expect(after.length + before.length).toBeLessThan(7);
    expect(await found(`?from=${iso(at - 60_000)}&to=${iso(at + 60_000)}`)).toEqual(newestFirst());
    expect(await found(`?from=${iso(at + 60_000)}`)).toEqual([]);
    expect(await found(`?to=${iso(at - 60_000)}`)).toEqual([]);
  });

  it.each([
    ['a cursor that is none', '?cursor=1', 400],
    ['a day that there is not', '?from=2026-13-01T00:00:00Z', 400],
    ['a second that there is not', '?from=2026-01-01T23:59:60Z', 400],
    ['a chat that is none', '?chat=nobody', 400],
    ['a session that is not there', '?sessionId=nowhere', 404],
    ['a status that there is not', '?status=gone', 400],
    ['a count that is neither', '?count=maybe', 400],
  ])('refuses %s', async (_what, query, status) => {
    expect((await list(query)).status).toBe(status);
  });
});
