import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { JudgedAnswer } from '../openapi/answer-judge.ts';
import type { ResourceKind } from '../world/resource-kinds.ts';
import { type FuzzCase, fillMarks } from './cases.ts';

export interface SentRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface FuzzAnswer extends JudgedAnswer {
  ms: number;
  headers: IncomingHttpHeaders;
}

/** Escapes, valid or broken, which are sent unchanged. */
const RAW_IN_PATH = /^(?:%|%zz|%00|\.\.%2f.*)$/;

/** Builds the request, with existing ids in place of the placeholders. */
export function requestOf(
  planned: FuzzCase,
  credential: Record<string, string>,
  idOf: (kind: ResourceKind, index: number) => string,
): SentRequest {
  const fill = (text: string) => fillMarks(text, idOf);
  const path = planned.operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = planned.path[name] ?? '';
    return RAW_IN_PATH.test(value) ? value : encodeURIComponent(fill(value));
  });
  const query = planned.query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(fill(value))}`);
  const type = planned.body === undefined ? undefined : planned.contentType;
  const headers = Object.entries(planned.headers).map(([name, value]) => [name, fill(value)]);
  return {
    method: planned.method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: { ...credential, ...(type !== undefined && { 'content-type': type }), ...Object.fromEntries(headers) },
    body: planned.method === 'OPTIONS' || planned.body === undefined ? undefined : fill(planned.body),
  };
}

/**
 * Sends a request and reads the answer; of a stream only the head. It uses the client of Node, which sends exactly the
 * given request, such as a GET with a body, and keeps its connection.
 */
export function send(agent: Agent, origin: string, sent: SentRequest, limitMs: number): Promise<FuzzAnswer> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const { method, path, body } = sent;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asking = request(new URL(origin), { agent, method, path, headers: { ...sent.headers, ...length } });
    const timer = setTimeout(() => asking.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
    const finish = (response: IncomingMessage, bytes: Buffer | undefined) => {
      clearTimeout(timer);
      const { statusCode = 0, headers } = response;
      const contentType = headers['content-type'];
      const isJson = /[/+]json\b/.test(contentType ?? '') && bytes !== undefined && bytes.length > 0;
      const ms = performance.now() - begun;
      resolve({
        status: statusCode,
        contentType,
        headers,
        body: isJson ? JSON.parse(bytes.toString('utf8')) : bytes,
        ms,
      });
    };
    asking.once('response', (response) => {
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        finish(response, undefined);
        return asking.destroy();
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => finish(response, Buffer.concat(chunks)));
    });
    asking.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asking.end(body);
  });
}

/** The request in a form that can be repeated by hand. */
export function describeRequest({ method, path, headers, body }: SentRequest): string {
  const shown = Object.entries(headers).map(([name, value]) =>
    /^(authorization|x-api-key|x-worker-token|cookie)$/.test(name) ? `${name}: …` : `${name}: ${value.slice(0, 80)}`,
  );
  return `${method} ${path.slice(0, 300)} [${shown.join('; ')}] ${(body ?? '').slice(0, 600)}`;
}
