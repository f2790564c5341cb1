import { expect, test } from 'vitest';
import { createClient } from './client.ts';
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
const stream = (...frames: string[]): Response =>
  new Response(`retry: 1\n\n${frames.join('')}`, { headers: { 'content-type': 'text/event-stream' } });

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
  const silent = (): Response => new Response(new ReadableStream({ start: () => undefined }));
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
    return new Response(body);
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
