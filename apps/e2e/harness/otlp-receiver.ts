import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { waitFor } from './wait-for.ts';

/** A span that came, as far as tests look at it. */
export interface ReceivedSpan {
  /** `service.name` of the process that made it. */
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  /** Empty for the first one of a trace. */
  parentSpanId: string;
  /** By the numbers of OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** 2: error. */
  status: number;
  attributes: Record<string, string | number | boolean>;
}

type Field = number | Buffer;

/** The fields of a message of protobuf by their number, each as often as it came: enough for OTLP. */
function readFields(bytes: Buffer): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    let value: Field;
    if (wire === 0) {
      value = varint();
    } else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Map<number, Field[]>, number: number): Map<number, Field[]>[] =>
  (fields.get(number) ?? []).map((value) => readFields(value as Buffer));
const text = (fields: Map<number, Field[]>, number: number, encoding: 'utf8' | 'hex' = 'utf8'): string =>
  (fields.get(number)?.[0] as Buffer | undefined)?.toString(encoding) ?? '';
const whole = (fields: Map<number, Field[]>, number: number): number => Number(fields.get(number)?.[0] ?? 0);

/** A list of `KeyValue`. */
function readAttributes(pairs: Map<number, Field[]>[]): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value = new Map<number, Field[]>()] = messages(pair, 2);
      if (value.has(1)) return [text(pair, 1), text(value, 1)];
      if (value.has(2)) return [text(pair, 1), whole(value, 2) === 1];
      if (value.has(4)) return [text(pair, 1), (value.get(4)![0] as Buffer).readDoubleLE()];
      return [text(pair, 1), whole(value, 3)];
    }),
  );
}

/** `ExportTraceServiceRequest` of OTLP. */
function readSpans(body: Buffer): ReceivedSpan[] {
  return messages(readFields(body), 1).flatMap((ofResource) => {
    const [resource = new Map<number, Field[]>()] = messages(ofResource, 1);
    const service = String(readAttributes(messages(resource, 1))['service.name']);
    return messages(ofResource, 2).flatMap((ofScope) =>
      messages(ofScope, 2).map((span) => {
        const [status = new Map<number, Field[]>()] = messages(span, 15);
        return {
          service,
          name: text(span, 5),
          traceId: text(span, 1, 'hex'),
          spanId: text(span, 2, 'hex'),
          parentSpanId: text(span, 4, 'hex'),
          kind: whole(span, 6),
          status: whole(status, 3),
          attributes: readAttributes(messages(span, 9)),
        };
      }),
    );
  });
}

/** Takes spans as a collector of OpenTelemetry does: OTLP over HTTP, in protobuf. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of the last request. */
  headers: IncomingMessage['headers'] = {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((error: Error) => response.destroy(error));
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Waits for a span of a trace. */
  async waitForSpan(traceId: string, what: string, matches: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    try {
      return await waitFor(() => this.of(traceId).find(matches), { what: `the span: ${what}` });
    } catch (error) {
      const came = this.of(traceId).map(({ service, name }) => `${service}: ${name}`);
      throw new Error(`${(error as Error).message}; came: ${came.join(', ')}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const isOurs = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
    if (isOurs) {
      this.headers = request.headers;
      this.spans.push(...readSpans(request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw));
    }
    // An empty `ExportTraceServiceResponse`.
    response.writeHead(isOurs ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
  }
}
