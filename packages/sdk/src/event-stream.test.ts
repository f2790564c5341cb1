import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import type { EventStream, StreamOptions, WaGateEvent } from './event-stream.ts';
import { answering, brokenConnection, refusal } from './fake-gateway.testing.ts';
import { readServerSentEvents } from './sse.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const STREAM =
  'retry: 700\n\nid: 1\ndata: {"a":\ndata: "é"}\n\n: ping\nid: 2\n\nevent: state\r\ndata:x\r\n\r\ndata: rest';

test.each([1, 2, 3, 7, 1_000])('server-sent events are read from pieces of %i bytes', async (size) => {
  const events = [];
  for await (const event of readServerSentEvents(inPieces(STREAM, size))) events.push(event);
  expect(events).toEqual([
    { id: undefined, event: 'message', data: undefined, retry: 700 },
    { id: '1', event: 'message', data: '{"a":\n"é"}', retry: undefined },
    { id: '2', event: 'message', data: undefined, retry: undefined },
    { id: '2', event: 'state', data: 'x', retry: undefined },
  ]);
});

const frame = (id: number, cursor?: string): string =>
  `${cursor ? `id: ${cursor}\n` : ''}data: ${JSON.stringify({ id: `evt_${id}`, event: 'message.sent', data: {} })}\n\n`;
const EVENT_STREAM = { headers: { 'content-type': 'text/event-stream' } };
const stream = (...frames: string[]): Response => new Response(`retry: 1\n\n${frames.join('')}`, EVENT_STREAM);
const page = (status: number): Response =>
  new Response('<h1>Not found</h1>', { status, headers: { 'content-type': 'text/html' } });

/** The body fails in the middle, as when a process is killed. */
function broken(text: string): Response {
  let isFirst = true;
  return new Response(
    new ReadableStream({
      pull(controller) {
        if (isFirst) controller.enqueue(new TextEncoder().encode(text));
        else controller.error(new Error('terminated'));
        isFirst = false;
      },
    }),
    EVENT_STREAM,
  );
}

test('a stream goes on behind the last event over ends, breaks and refusals, and tells each event once', async () => {
  const { fetch, asked } = answering(
    stream(frame(1, 'c1'), frame(2, 'c2')),
    broken(`retry: 1\n\n${frame(3, 'c3')}${frame(4)}data: {"half`),
    brokenConnection(),
    refusal(503, 'DATABASE_UNAVAILABLE', { retryAfter: 0.001 }),
    stream(frame(4), ': ping\nid: c5\n\n'),
    stream(frame(6, 'c6')),
  );
  const wa = createClient({ url: 'http://g.test', apiKey: 'k', fetch });
  const states: string[] = [];
  const ids = [];
  const given = { events: ['message.sent'] as const, after: 'begin', onState: (state: string) => states.push(state) };
  for await (const event of wa.stream(given)) {
    ids.push([event.id, event.cursor]);
    if (event.id === 'evt_6') break;
  }
  expect(ids).toEqual([
    ['evt_1', 'c1'],
    ['evt_2', 'c2'],
    ['evt_3', 'c3'],
    ['evt_4', 'c3'],
    ['evt_6', 'c6'],
  ]);
  expect(asked.map(({ url }) => new URL(url).searchParams.get('after'))).toEqual([
    'begin',
    'c2',
    'c3',
    'c3',
    'c3',
    'c5',
  ]);
  expect(new URL(asked[0]!.url).searchParams.get('events')).toBe('message.sent');
  expect(states.filter((state) => state === 'open')).toHaveLength(4);
});

test('a stream that says nothing is opened again', async () => {
  const silent = (): Response => new Response(new ReadableStream({ start: () => undefined }), EVENT_STREAM);
  const answers = [silent(), stream(frame(1, 'c1'))];
  // Like that of a browser: the signal ends the body too.
  const fetch = async (_: string, { signal }: RequestInit): Promise<Response> => {
    const answer = answers.shift()!;
    if (answers.length === 0) return answer;
    const body = new ReadableStream({
      start(controller) {
        signal?.addEventListener('abort', () => controller.error(signal.reason));
      },
    });
    return new Response(body, EVENT_STREAM);
  };
  const wa = createClient({ url: 'http://g.test', apiKey: 'k', fetch: fetch as never });
  for await (const event of wa.stream({ silentMs: 10 })) {
    expect(event.id).toBe('evt_1');
    break;
  }
});

test('a stream ends with what connecting again cannot mend, and with its signal', async () => {
  const { fetch } = answering(refusal(401, 'UNAUTHENTICATED', { retryable: false }), stream(frame(1, 'c1')));
  const wa = createClient({ url: 'http://g.test', apiKey: 'k', fetch });
  await expect(wa.stream().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });

  const end = new AbortController();
  const events = wa.stream({ signal: end.signal });
  await expect(events.next()).resolves.toMatchObject({ value: { id: 'evt_1' } });
  end.abort(new Error('closed'));
  await expect(events.next()).rejects.toThrow('closed');
});

const streamOf = (answers: Parameters<typeof answering>, options: StreamOptions = {}) => {
  const { fetch, asked } = answering(...answers);
  const states: string[] = [];
  const onState = (state: string) => states.push(state);
  const wa = createClient({ url: 'http://g.test', credentials: 'same-origin', fetch });
  return { stream: wa.stream({ onState, ...options }), asked, states };
};
const nextId = async (events: EventStream): Promise<unknown> => ((await events.next()).value as WaGateEvent).id;
const afterOf = ({ url }: { url: string }): string | null => new URL(url).searchParams.get('after');

test('a page of a proxy ends a stream that was never open, and not one that was', async () => {
  await expect(streamOf([page(404)]).stream.next()).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 404 });

  const { stream: events, asked } = streamOf([stream(frame(1, 'c1')), page(404), page(200), stream(frame(2, 'c2'))], {
    maxPauseMs: 1,
  });
  expect([await nextId(events), await nextId(events)]).toEqual(['evt_1', 'evt_2']);
  expect(asked.map(afterOf)).toEqual([null, 'c1', 'c1', 'c1']);
});

test('a stream goes on without what came between when its cursor is refused, and tells of the gap', async () => {
  const gaps: string[] = [];
  const answers = (): Parameters<typeof answering> => [
    refusal(410, 'CURSOR_GONE', { retryable: false }),
    stream(frame(7, 'c7')),
  ];
  const { stream: events, asked } = streamOf(answers(), { after: 'old', onGap: () => gaps.push('gap'), maxPauseMs: 1 });
  expect(await nextId(events)).toBe('evt_7');
  expect(asked.map(afterOf)).toEqual(['old', null]);
  expect(gaps).toEqual(['gap']);
  expect(events.cursor).toBe('c7');

  await expect(streamOf(answers(), { after: 'old' }).stream.next()).rejects.toMatchObject({ status: 410 });
});

test('a refusal that is no matter of the cursor ends the stream, unless the caller says otherwise', async () => {
  const answers = (): Parameters<typeof answering> => [
    refusal(400, 'VALIDATION', { retryable: false }),
    refusal(401, 'UNAUTHENTICATED', { retryable: false }),
    stream(frame(1, 'c1')),
  ];
  const onGap = () => expect.unreachable();
  await expect(streamOf(answers(), { onGap }).stream.next()).rejects.toMatchObject({ code: 'VALIDATION' });

  const { stream: events, states } = streamOf(answers(), { onGap, mayReconnect: () => true, maxPauseMs: 1 });
  expect(await nextId(events)).toBe('evt_1');
  expect(states).toEqual(['reconnecting', 'reconnecting', 'open']);
});

test('the pause of a stream ends early: it is not longer than wanted, and retryNow ends it', async () => {
  const long = { retryAfter: 3_600 };
  const capped = streamOf([refusal(503, 'DATABASE_UNAVAILABLE', long), stream(frame(1))], { maxPauseMs: 1 });
  expect(await nextId(capped.stream)).toBe('evt_1');

  const woken = streamOf([refusal(503, 'DATABASE_UNAVAILABLE', long), stream(frame(2))], {
    onState: (state) => state === 'reconnecting' && setTimeout(() => woken.stream.retryNow()),
  });
  expect(await nextId(woken.stream)).toBe('evt_2');
});
