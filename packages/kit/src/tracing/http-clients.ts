import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Span, Tracer } from './span.ts';

/** What undici tells of a request. */
interface UndiciRequest {
  origin?: string | URL;
  method: string;
  headers: unknown;
  addHeader(name: string, value: string): void;
}

const TRACEPARENT = 'traceparent';

const isTraceparent = (value: unknown): boolean =>
  typeof value === 'string' && value.length === TRACEPARENT.length && value.toLowerCase() === TRACEPARENT;

/** undici keeps the headers of a request as a list of names and values, or as one text. */
function hasTraceparent({ headers }: UndiciRequest): boolean {
  if (typeof headers === 'string') return /^traceparent:/im.test(headers);
  return Array.isArray(headers) && headers.some(isTraceparent);
}

/**
 * Requests by undici, its own `fetch` and Node's: each gets the `traceparent` of its trace, and is a span where that is
 * recorded. By the channels of undici, which every copy of it publishes to, also one inside of a bundle.
 */
export function traceHttpClients(tracer: Tracer): () => void {
  const spans = new WeakMap<object, Span>();

  function onCreate(message: unknown): void {
    const { request } = message as { request: UndiciRequest };
    let span = tracer.present();
    if (!span) return;
    if (span.isRecording) {
      const origin = String(request.origin ?? '');
      const url = URL.canParse(origin) ? new URL(origin) : undefined;
      span = tracer.start(request.method, {
        kind: 'client',
        attributes: {
          'http.request.method': request.method,
          // The host alone: paths and queries of webhooks may hold secrets.
          'server.address': url?.hostname,
          'server.port': url?.port ? Number(url.port) : undefined,
        },
      });
      spans.set(request, span);
    }
    if (!hasTraceparent(request)) request.addHeader(TRACEPARENT, span.traceparent);
  }

  function onHeaders(message: unknown): void {
    const { request, response } = message as { request: UndiciRequest; response: { statusCode: number } };
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': response.statusCode });
    if (response.statusCode >= 400) span?.fail({ code: String(response.statusCode) });
  }

  function onEnd(message: unknown): void {
    const { request, error } = message as { request: UndiciRequest; error?: Error };
    const span = spans.get(request);
    if (error) span?.fail(error);
    span?.end();
  }

  const channels = {
    'undici:request:create': onCreate,
    'undici:request:headers': onHeaders,
    'undici:request:trailers': onEnd,
    'undici:request:error': onEnd,
  };
  for (const [name, listener] of Object.entries(channels)) subscribe(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(channels)) unsubscribe(name, listener);
  };
}
