import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const SECRET_BYTES = Buffer.from('0123456789abcdef0123456789abcdef');

/**
 * A gateway and a sandbox in one, as far as the demonstration uses them: the answer of the phone goes to the webhook at
 * once. The end-to-end tests use the real ones; these fail in ways in which the real ones cannot.
 */
export class FakeSystem {
  /** The sessions of the gateway; the value is the webhook. */
  readonly sessions = new Map<string, string | undefined>();
  readonly scanned: string[] = [];
  signsWithWrongKey = false;
  private readonly inboxes = new Map<string, { id: string; text: string }[]>();
  private readonly server: Server;
  private sessionOnSandbox = '';
  private readonly connected = new Set<string>();
  private looksAtQr = 0;

  constructor() {
    this.server = createServer((request, response) => {
      void this.answer(request).then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage): Promise<[number, unknown]> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const body = text === '' ? {} : JSON.parse(text);
    const path = request.url ?? '';
    return path.startsWith('/api/')
      ? this.gateway(`${request.method} ${path}`, body)
      : this.sandbox(path, request, body);
  }

  private gateway(call: string, body: Record<string, string>): [number, unknown] {
    const done = (data: unknown, status = 200): [number, unknown] => [status, { success: true, data }];
    const unknown: [number, unknown] = [404, { success: false, error: 'Session not found', code: 'SESSION_NOT_FOUND' }];
    if (call === 'POST /api/auth/register')
      return done({ user: { email: body.email }, token: 'jwt', apiKey: 'k' }, 201);
    if (call === 'POST /api/sessions') {
      this.sessions.set(body.sessionId ?? '', undefined);
      return done({ sessionId: body.sessionId, apiKey: 'wag_test_key' }, 201);
    }
    const [, method, id = '', verb] = /^(\w+) \/api\/sessions\/([^/]+)\/(\w+)$/.exec(call) ?? [];
    if (!this.sessions.has(id)) return unknown;
    if (verb === 'status') return done({ status: this.connected.has(id) ? 'connected' : 'qr_required' });
    if (verb === 'qr') {
      // The first two requests come before the worker has a code.
      return ++this.looksAtQr < 3 ? [409, { success: false, error: 'no code yet' }] : done({ qr: `qr-of-${id}` });
    }
    if (method === 'PUT' && verb === 'webhook') {
      this.sessions.set(id, body.url);
      return done({ webhook: { secret: `whsec_${SECRET_BYTES.toString('base64')}` } });
    }
    if (verb === 'send') {
      this.inboxes.get(body.to ?? '')?.push({ id: 'm1', text: body.message ?? '' });
      return done({ messageId: 'm1', status: 'sent' });
    }
    return unknown;
  }

  private sandbox(path: string, request: IncomingMessage, body: Record<string, string>): [number, unknown] {
    if (path === '/phones') {
      const number = `6281${this.inboxes.size}`;
      this.inboxes.set(number, []);
      return [201, { number }];
    }
    const [, number = '', verb] = /^\/phones\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const inbox = this.inboxes.get(number);
    if (!inbox) return [404, { error: 'no such phone' }];
    if (verb === undefined) return [200, { number }];
    if (verb === 'scan') {
      this.sessionOnSandbox = (body.qr ?? '').replace('qr-of-', '');
      this.connected.add(this.sessionOnSandbox);
      this.scanned.push(number);
      return [200, {}];
    }
    if (request.method === 'GET') return [200, { messages: inbox }];
    void this.deliver(body.text ?? '');
    return [201, { id: 'm2' }];
  }

  private async deliver(text: string): Promise<void> {
    const url = this.sessions.get(this.sessionOnSandbox);
    if (url === undefined) return;
    const body = JSON.stringify({ event: 'message.received', data: { text } });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const key = this.signsWithWrongKey ? Buffer.from('another key') : SECRET_BYTES;
    const signature = createHmac('sha256', key).update(`evt_1.${timestamp}.${body}`).digest('base64');
    await fetch(url, {
      method: 'POST',
      body,
      headers: { 'webhook-id': 'evt_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    });
  }
}
