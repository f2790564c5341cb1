import { LIMITS, type Message, type SendResult, type Session, type User } from '@wa-gate/contracts';
import { type Client, createClient, type Input } from '@wa-gate/sdk';
import { type HttpAnswer, type HttpCall, HttpClient } from './http.ts';

/** The success envelope of the public API (docs/api.md). */
export interface Envelope<T> {
  success: true;
  status: 'success';
  data: T;
}

export interface RegisteredUser {
  user: User;
  token: string;
  apiKey: string;
}

export type CreatedSession = Session & { apiKey: string; webhook?: { secret: string } };

export interface CreateSession {
  sessionId: string;
  name?: string;
  webhook?: { url: string };
  settings?: object;
}

export interface SendOptions {
  wait?: 'queued' | 'sent' | 'delivered';
  /** @default with `wait` as long as the API allows, so that a slow machine does not decide a test */
  timeoutMs?: number;
  headers?: Record<string, string>;
}

/** A client of the public API: plain HTTP, one credential per client. */
export class GatewayClient {
  private readonly http: HttpClient;
  private readonly credential: string | undefined;
  private readonly remember: (secret: string) => void;
  /**
   * Every operation with its types, as the programs of customers call them. It repeats nothing: a refusal that would
   * pass is a finding.
   */
  readonly wa: Client;

  /**
   * @param remember gets every secret that the API returns, so that the output of the processes can be searched for it.
   */
  constructor(
    http: HttpClient | string,
    { credential, remember = () => undefined }: { credential?: string; remember?: (secret: string) => void } = {},
  ) {
    this.http = typeof http === 'string' ? new HttpClient(http) : http;
    this.credential = credential;
    this.remember = remember;
    const { url, fetch } = this.http;
    this.wa = createClient({ url, fetch, retries: 0, ...(credential !== undefined && { token: credential }) });
  }

  /** The same API with another credential: a JWT, or a key. */
  as(credential: string): GatewayClient {
    return new GatewayClient(this.http, { credential, remember: this.remember });
  }

  /** Any request, without checks of the answer. */
  call<T = unknown>(path: string, call: HttpCall = {}): Promise<HttpAnswer<T>> {
    return this.http.call<T>(path, this.authorized(call));
  }

  /** A request that must be answered with 2xx and the success envelope. */
  async data<T>(path: string, call: HttpCall = {}): Promise<T> {
    const envelope = await this.http.expectOk<Envelope<T>>(path, this.authorized(call));
    return envelope.data;
  }

  async register(email: string, password: string): Promise<RegisteredUser> {
    this.remember(password);
    const user = await this.data<RegisteredUser>('/api/auth/register', { method: 'POST', json: { email, password } });
    this.remember(user.token);
    this.remember(user.apiKey);
    return user;
  }

  async login(email: string, password: string): Promise<Omit<RegisteredUser, 'apiKey'>> {
    const user = await this.data<Omit<RegisteredUser, 'apiKey'>>('/api/auth/login', {
      method: 'POST',
      json: { email, password },
    });
    this.remember(user.token);
    return user;
  }

  async createSession(session: CreateSession): Promise<CreatedSession> {
    const json = { name: session.sessionId, ...session };
    const created = await this.data<CreatedSession>('/api/sessions', { method: 'POST', json });
    this.remember(created.apiKey);
    if (created.webhook) this.remember(created.webhook.secret);
    return created;
  }

  async listSessions(): Promise<Session[]> {
    return (await this.wa.sessions.list({ limit: 200 })).sessions;
  }

  getSession(sessionId: string): Promise<Session> {
    return this.wa.sessions.get({ id: sessionId });
  }

  async setWebhook(sessionId: string, webhook: { url: string; events?: string[] }): Promise<{ secret: string }> {
    const body = { events: ['*'], ...webhook } as Input<'sessions.setWebhook'>['body'];
    const { secret } = (await this.wa.sessions.setWebhook({ id: sessionId, body })).webhook;
    this.remember(secret);
    return { secret };
  }

  send(
    sessionId: string,
    json: Record<string, unknown>,
    { wait, timeoutMs = wait && LIMITS.waitMaxMs, headers = {} }: SendOptions = {},
  ): Promise<HttpAnswer<Envelope<SendResult>>> {
    const query = new URLSearchParams({ ...(wait && { wait }), ...(timeoutMs && { timeoutMs: String(timeoutMs) }) });
    return this.call(`/api/sessions/${sessionId}/send?${query.toString()}`, { method: 'POST', json, headers });
  }

  async messages(sessionId: string, query = 'limit=100'): Promise<Message[]> {
    const page = await this.data<{ messages: Message[] }>(`/api/sessions/${sessionId}/messages?${query}`);
    return page.messages;
  }

  close(): Promise<void> {
    return this.http.close();
  }

  private authorized(call: HttpCall): HttpCall {
    if (this.credential === undefined) return call;
    return { ...call, headers: { authorization: `Bearer ${this.credential}`, ...call.headers } };
  }
}
