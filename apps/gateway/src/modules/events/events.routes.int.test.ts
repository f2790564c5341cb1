import type { LoggedEvent, SessionEvent } from '@wa-gate/contracts';
import { waitFor } from '@wa-gate/testkit';
import { Agent, EventSource, fetch } from 'undici';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { METRICS_TOKEN, type TestSession, type TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let base: string;
let user: TestUser;
let first: TestSession;
let second: TestSession;

beforeAll(async () => {
  const worker = await fixture.startWorker('worker-1');
  expect(worker).toBeDefined();
  base = await fixture.app.listen({ host: '127.0.0.1', port: 0 });
});

beforeEach(async () => {
  user = await fixture.register();
  first = await fixture.createSession(user);
  second = await fixture.createSession(user);
});

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

const CHAT = '15551234567@s.whatsapp.net';
let count = 0;
const received = (chat = CHAT): SessionEvent => {
  count += 1;
  return {
    type: 'message.received',
    data: {
      messageId: '01a1fe67-59c3-7e76-818f-224716029ae9',
      waMessageId: `3EB0${count}`,
      chat,
      from: chat,
      fromMe: false,
      type: 'text',
      text: String(count),
      timestamp: 1_768_473_000,
    },
  };
};
const append = (session: TestSession, event = received()) => fixture.appendEvent(session, event);
const textOf = ({ data }: LoggedEvent) => data.text;

const figure = async (name: RegExp): Promise<number> => {
  const { body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  return Number(name.exec(String(body))?.[1] ?? 0);
};
/** Streams and long polls that the gateway holds open. */
const openStreams = (kind: string) => figure(new RegExp(`^wag_event_streams\\{kind="${kind}".*\\} (\\d+)$`, 'm'));

async function list(query = '', { as = user.token, session }: { as?: string; session?: TestSession } = {}) {
  const path = session ? `/api/sessions/${session.slug}/events` : '/api/events';
  const { status, body } = await fixture.call('GET', `${path}${query}`, { as });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data as { events: LoggedEvent[]; cursor: string; hasMore: boolean };
}

/** An event of a stream, and the id that came with it. */
interface Heard {
  id: string | undefined;
  event: LoggedEvent;
}

/** Reads server-sent events until it is closed. */
async function openStream(
  path: string,
  { as = user.token, lastId }: { as?: string; lastId?: string | undefined } = {},
) {
  const dispatcher = new Agent();
  const close = () => void dispatcher.destroy();
  cleanups.push(close);
  const response = await fetch(`${base}${path}`, {
    headers: { authorization: `Bearer ${as}`, ...(lastId !== undefined && { 'last-event-id': lastId }) },
    dispatcher,
  });
  const heard: Heard[] = [];
  let read = '';
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body!) {
        read += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = read.split('\n\n');
        heard.splice(0, heard.length, ...blocks.slice(0, -1).flatMap(readBlock));
      }
    } catch {
      // Left.
    }
  })();
  return { response, heard, close };
}

function readBlock(block: string): Heard[] {
  const lines = block.split('\n');
  const data = lines.find((line) => line.startsWith('data: '));
  const id = lines.find((line) => line.startsWith('id: '))?.slice(4);
  return data === undefined ? [] : [{ id, event: JSON.parse(data.slice(6)) as LoggedEvent }];
}

describe('GET /api/events, the log of a workspace (MR-059)', () => {
  it('shows events as webhooks do, page by page, each once', async () => {
    for (let n = 0; n < 3; n += 1) {
      await append(first);
      await append(second);
    }
    const all = await list();
    const texts = all.events.filter(({ event }) => event === 'message.received').map(textOf);
    expect(texts).toHaveLength(6);
    expect(all.events.find(({ event }) => event === 'message.received')).toEqual({
      id: expect.stringMatching(new RegExp(`^evt_${first.id.replaceAll('-', '')}_\\d+$`)),
      event: 'message.received',
      timestamp: expect.any(Number),
      sessionId: first.slug,
      seq: expect.any(Number),
      epoch: expect.any(Number),
      data: expect.objectContaining({ chat: CHAT }),
      metadata: {},
    });
    const paged: LoggedEvent[] = [];
    let cursor = 'begin';
    for (let hasMore = true; hasMore; ) {
      const page = await list(`?limit=2&after=${cursor}`);
      expect(page.events.length).toBeLessThanOrEqual(2);
      paged.push(...page.events);
      ({ cursor, hasMore } = page);
    }
    expect(paged.map(({ id }) => id).sort()).toEqual(all.events.map(({ id }) => id).sort());
    expect((await list(`?after=${cursor}`)).events).toEqual([]);
  });

  it('waits for an event, and answers without one when the time is over', async () => {
    const { cursor } = await list('?after=now');
    const waiting = list(`?after=${cursor}&wait=20`);
    await waitFor(async () => (await openStreams('wait')) === 1);
    const event = received();
    await append(second, event);
    const { events } = await waiting;
    expect(events.map(textOf)).toEqual([(event.data as { text: string }).text]);
    const begun = performance.now();
    expect((await list('?after=now&wait=1')).events).toEqual([]);
    expect(performance.now() - begun).toBeGreaterThan(900);
  });

  it('filters by event, by chat under any name, and by session', async () => {
    await append(first);
    await append(first, received('15559876543@s.whatsapp.net'));
    await append(second);
    const ofChat = await list('?events=message.received&chat=%2B1%20555%20987%206543');
    expect(ofChat.events.map(({ data }) => data.chat)).toEqual(['15559876543@s.whatsapp.net']);
    expect(new Set((await list(`?sessionId=${second.slug}`)).events.map(({ sessionId }) => sessionId))).toEqual(
      new Set([second.slug]),
    );
    const { status, body } = await fixture.call('GET', '/api/events?events=message.recieved', { as: user.token });
    expect([status, body.code, body.error]).toEqual([400, 'VALIDATION', expect.stringContaining('message.recieved')]);
    expect(body.details.events).toContain('message.received');
    const live = await fixture.call('GET', '/api/events?events=presence.update', { as: user.token });
    expect([live.status, live.body.error]).toEqual([400, expect.stringContaining('Open a stream')]);
  });

  it('refuses what is no cursor of it, and one that is ahead', async () => {
    for (const path of [
      '/api/events?after=4711',
      `/api/sessions/${first.slug}/events?after=w1~1`,
      `/api/sessions/${first.slug}/events?after=999999`,
    ]) {
      const { status, body } = await fixture.call('GET', path, { as: user.token });
      expect([path, status, body.code]).toEqual([path, 400, 'VALIDATION']);
    }
  });

  it('shows a session key its session, and nobody the sessions of others', async () => {
    await append(first);
    await append(second);
    const own = await list('', { as: first.key });
    expect(new Set(own.events.map(({ sessionId }) => sessionId))).toEqual(new Set([first.slug]));
    const other = await fixture.register();
    expect((await list('', { as: other.token })).events).toEqual([]);
    const path = `/api/sessions/${first.slug}/events/stream`;
    expect((await fixture.call('GET', path, { as: other.token })).status).toBe(404);
    expect((await fixture.call('GET', path)).status).toBe(401);
  });
});

describe('GET /api/events/stream', () => {
  it('brings what happens within a second or so, also of a session that is created meanwhile', async () => {
    const stream = await openStream('/api/events/stream');
    expect([stream.response.status, stream.response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
    await append(first);
    await append(second);
    await waitFor(() => stream.heard.length === 2);
    const third = await fixture.createSession(user);
    await append(third);
    await waitFor(() =>
      stream.heard.some(({ event }) => event.sessionId === third.slug && event.event === 'message.received'),
    );
  });

  it('brings all events of sessions that take the places of deleted ones, from their first one on (MR-059)', async () => {
    const stream = await openStream('/api/events/stream?events=message.received');
    const heardOf = ({ slug }: TestSession) =>
      stream.heard.filter(({ event }) => event.sessionId === slug).map(({ event }) => textOf(event));
    let last = first;
    for (const count of [6, 5, 4, 3, 2, 1]) {
      const events = Array.from({ length: count }, () => received());
      for (const event of events) await append(last, event);
      const texts = events.map(({ data }) => (data as { text: string }).text);
      const of = last;
      await waitFor(() => heardOf(of).length === count, { what: `events of the session that has ${count}` });
      expect(heardOf(of)).toEqual(texts);
      // The stream frees its place within two listings, and a later one of these sessions takes it.
      await fixture.database.pool.query('DELETE FROM sessions WHERE id = $1', [last.id]);
      last = await fixture.createSession(user);
    }
    // What was deleted a moment ago is still followed by the stream, and nothing of it comes again.
    const resumed = await list(`?events=message.received&after=${stream.heard.at(-1)!.id}`);
    expect(resumed.events).toEqual([]);
    expect((await list('?after=now')).events).toEqual([]);
  });

  it('resumes with the last id: clients that drop 100 times get each event once and in order', async () => {
    const sessions = [first, second];
    const expected = new Map<string, unknown[]>(sessions.map(({ slug }) => [slug, []]));
    let { cursor } = await list('?after=now');
    const seen: LoggedEvent[] = [];
    for (let turn = 0; turn < 100; turn += 1) {
      for (let n = 0; n <= turn % 3; n += 1) {
        const session = sessions[(turn + n) % 2]!;
        const event = received();
        await append(session, event);
        expected.get(session.slug)!.push((event.data as { text: string }).text);
      }
      if (turn % 10 === 0) {
        const stream = await openStream('/api/events/stream', { lastId: cursor });
        await waitFor(() => stream.heard.length > 0);
        stream.close();
        // The client has read some of what was written, and knows the id of the last one that it read.
        const read = stream.heard.slice(0, 1 + (turn % 2));
        seen.push(...read.map(({ event }) => event));
        cursor = read.at(-1)!.id!;
      } else {
        const page = await list(`?after=${cursor}&limit=${1 + (turn % 3)}`);
        seen.push(...page.events);
        ({ cursor } = page);
      }
    }
    for (let hasMore = true; hasMore; ) {
      const page = await list(`?after=${cursor}&limit=500`);
      seen.push(...page.events);
      ({ cursor, hasMore } = page);
    }
    for (const { slug } of sessions) {
      expect(seen.filter(({ sessionId }) => sessionId === slug).map(textOf)).toEqual(expected.get(slug));
    }
  });

  it('of one session has the seq as its id', async () => {
    const path = `/api/sessions/${first.slug}/events/stream`;
    await append(first);
    await append(first);
    const stream = await openStream(`${path}?after=begin&events=message.received`);
    await waitFor(() => stream.heard.length === 2);
    stream.close();
    const [one, two] = stream.heard;
    expect(one!.id).toBe(String(one!.event.seq));
    const again = await openStream(path, { lastId: one!.id });
    await waitFor(() => again.heard.length === 1);
    expect(again.heard[0]!.event).toEqual(two!.event);
  });

  it.each(['/api/events/stream', 'of the session'])(
    'begins with an id: a client that is cut off before its first event goes on from there (%s)',
    async (given) => {
      const path = given === 'of the session' ? `/api/sessions/${first.slug}/events/stream` : given;
      await append(first);
      const response = await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${user.token}` } });
      const reader = response.body!.getReader();
      const begin = new TextDecoder().decode((await reader.read()).value as Uint8Array);
      await reader.cancel();
      const lastId = /^retry: \d+\nid: (\S+)\n\n$/.exec(begin)?.[1];
      expect(lastId, begin).toBeDefined();

      await append(first);
      const again = await openStream(`${path}?events=message.received`, { lastId });
      await append(first);
      await waitFor(() => again.heard.length === 2);
      expect(again.heard.map(({ event }) => textOf(event))).toEqual([String(count - 1), String(count)]);
    },
  );
});

describe('POST /api/events/tickets', () => {
  const ticketFor = async (body: unknown, as = user.token): Promise<string> => {
    const { status, body: answer } = await fixture.call('POST', '/api/events/tickets', { as, body });
    expect(status).toBe(200);
    return answer.data.ticket;
  };

  it('lets a browser without header and cookie open a stream', async () => {
    const ticket = await ticketFor({}, first.key);
    const source = new EventSource(`${base}/api/events/stream?ticket=${ticket}`);
    cleanups.push(() => source.close());
    const heard: LoggedEvent[] = [];
    source.onmessage = ({ data }: { data: string }) => void heard.push(JSON.parse(data));
    await new Promise((resolve) => {
      source.onopen = resolve;
    });
    await append(second);
    await append(first);
    await waitFor(() => heard.length === 1);
    expect(heard[0]!.sessionId).toBe(first.slug);
  });

  it('is as narrow as it was asked for', async () => {
    const ticket = await ticketFor({ sessionId: first.slug, events: ['message.received'] });
    await append(second);
    await append(first);
    const stream = await openStream(`/api/events/stream?ticket=${ticket}&after=begin`, { as: '' });
    await waitFor(() => stream.heard.length === 1);
    expect(stream.heard[0]!.event).toMatchObject({ sessionId: first.slug, event: 'message.received' });
    const other = await fixture.call('GET', `/api/sessions/${second.slug}/events/stream?ticket=${ticket}`);
    expect(other.status).toBe(404);
  });

  it('is good for streams alone, and a wrong one for nothing', async () => {
    const ticket = await ticketFor({});
    for (const path of [
      `/api/events?ticket=${ticket}`,
      `/api/sessions?ticket=${ticket}`,
      '/api/events/stream?ticket=x',
    ]) {
      expect([path, (await fixture.call('GET', path)).status]).toEqual([path, 401]);
    }
  });
});

describe('GET /api/events/ws', () => {
  interface Told {
    type: 'event';
    cursor: string | null;
    event: LoggedEvent;
  }

  async function connect(path: string, as = user.token) {
    const socket = new WebSocket(`${base.replace('http', 'ws')}${path}`, {
      headers: { authorization: `Bearer ${as}` },
    });
    socket.on('error', () => undefined);
    cleanups.push(() => socket.terminate());
    const told: Told[] = [];
    const positions: string[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Told | { type: 'position'; cursor: string };
      if (message.type === 'position') positions.push(message.cursor);
      else told.push(message);
    });
    const outcome = await new Promise<number | 'open'>((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode!));
    });
    return { socket, told, positions, outcome };
  }

  it('brings events, and goes on after the last cursor', async () => {
    const { socket, told } = await connect('/api/events/ws');
    await append(first);
    await append(second);
    await waitFor(() => told.length === 2);
    socket.close();
    await append(second);
    const again = await connect(`/api/events/ws?after=${told[0]!.cursor}`);
    await waitFor(() => again.told.length === 2);
    expect(again.told[0]!.event).toEqual(told[1]!.event);
  });

  it.each(['/api/events/ws', 'of the session'])(
    'begins with its position: a client that is cut off before its first event goes on from there (%s)',
    async (given) => {
      const path = given === 'of the session' ? `/api/sessions/${first.slug}/events/ws` : given;
      await append(first);
      const { socket, told, positions } = await connect(path);
      await waitFor(() => positions.length === 1);
      socket.terminate();
      await append(first);
      const again = await connect(`${path}?events=message.received&after=${positions[0]}`);
      await append(first);
      await waitFor(() => again.told.length === 2);
      expect(told).toEqual([]);
      expect(again.told.map(({ event }) => textOf(event))).toEqual([String(count - 1), String(count)]);
    },
  );

  it('is refused with an answer of HTTP', async () => {
    expect((await connect('/api/events/ws', 'wag_live_wrong')).outcome).toBe(401);
    expect((await connect('/api/sessions/nobody/events/ws')).outcome).toBe(404);
    expect((await connect('/api/events/ws?after=x')).outcome).toBe(400);
    const { status, body } = await fixture.call('GET', '/api/events/ws', { as: user.token });
    expect([status, body.error]).toEqual([400, expect.stringContaining('wss://')]);
  });
});

it('streams that their clients leave are open no more, and counted as requests', async () => {
  const counted = (path: string, status: number) =>
    figure(
      new RegExp(
        `^wag_http_requests_total\\{method="GET",route="/api/events/${path}",status="${status}".*\\} (\\d+)$`,
        'm',
      ),
    );
  const [streams, sockets, refused] = [
    await counted('stream', 200),
    await counted('ws', 101),
    await counted('stream', 401),
  ];
  const stream = await openStream('/api/events/stream');
  const socket = new WebSocket(`${base.replace('http', 'ws')}/api/events/ws`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  await fixture.call('GET', '/api/events/stream');
  expect([await openStreams('sse'), await openStreams('websocket')]).toEqual([1, 1]);
  stream.close();
  socket.terminate();
  await waitFor(async () => (await openStreams('sse')) + (await openStreams('websocket')) === 0);
  await waitFor(async () => (await counted('stream', 200)) === streams + 1);
  await waitFor(async () => (await counted('ws', 101)) === sockets + 1);
  expect(await counted('stream', 401)).toBe(refused + 1);
});

it('a process that stops ends its streams with a word to come again', async () => {
  const beside = await import('../../testing/gateway-fixture.ts').then(({ createGatewayFixture }) =>
    createGatewayFixture({}, { beside: fixture }),
  );
  const there = await beside.app.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${there}/api/events/stream`, { headers: { authorization: `Bearer ${user.token}` } });
  const socket = new WebSocket(`${there.replace('http', 'ws')}/api/events/ws`, {
    headers: { authorization: `Bearer ${user.token}` },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const text = response.text();
  await beside.close();
  expect(await text).toMatch(/: the gateway restarts: come again with the last id\nretry: \d+\n\n$/);
  expect(await closed).toBe(1012);
});
