/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** The id that the stream has reached, also by this event. */
  id: string | undefined;
  /** @default 'message' */
  event: string;
  /** `undefined` where only the id or the pause has come. */
  data: string | undefined;
  /** Milliseconds to wait before connecting again. */
  retry: number | undefined;
}

/**
 * Reads the text/event-stream format (https://html.spec.whatwg.org/multipage/server-sent-events.html). Unlike an
 * EventSource it also tells of blocks without data: they move the position in the stream, and prove that it lives.
 */
export async function* readServerSentEvents(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: string | undefined;
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be the first half of a line break.
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r(?!$)/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readBlock(block, id);
      id = event.id;
      yield event;
    }
  }
}

function readBlock(block: string, lastId: string | undefined): ServerSentEvent {
  const data: string[] = [];
  const event: ServerSentEvent = { id: lastId, event: 'message', data: undefined, retry: undefined };
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'event') event.event = value;
    else if (name === 'id' && !value.includes('\0')) event.id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) event.retry = Number(value);
  }
  if (data.length > 0) event.data = data.join('\n');
  return event;
}

/** The bytes of an answer. Ending the loop ends the request. */
export async function* bytesOf(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return;
  // Not every browser can iterate over a stream.
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
