import { RegisterWorkerResultSchema, WorkerTokenSchema } from '@wa-gate/contracts';
import { Value } from 'typebox/value';
import { fetch } from 'undici';

export interface RegistrationRequest {
  workerId: string;
  endpoint: string;
  maxSessions: number;
  network: 'sandbox' | 'live';
  revision: string;
}

export interface Registration {
  incarnation: number;
  /** The token of this worker, for heartbeats. */
  token: string;
}

export interface Heartbeat {
  sessionCount: number;
  cpuUsage: number;
  memoryUsage: number;
  messageCount: number;
  /** Seconds since the start. */
  uptime: number;
}

/** The gateway refused; the message is its sentence. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly status: number;
  /** Of the error table; absent in what is no answer of a gateway. */
  readonly code: string | undefined;
  constructor(status: number, sentence: string, code?: string) {
    super(sentence);
    this.status = status;
    this.code = code;
  }
}

const TIMEOUT_MS = 10_000;

/** The worker's side of the control plane's HTTP API. */
export interface ControlPlane {
  /** Starts a new incarnation. The gateway calls `GET {endpoint}/health` before it answers. */
  register(request: RegistrationRequest, signal: AbortSignal): Promise<Registration>;
  heartbeat(workerId: string, token: string, metrics: Heartbeat): Promise<void>;
  /** Replaces `token` by a new one. The old one stays valid for some minutes. */
  rotateToken(workerId: string, token: string): Promise<string>;
}

export function createControlPlane({ gatewayUrl, joinToken }: { gatewayUrl: string; joinToken: string }): ControlPlane {
  const base = gatewayUrl.replace(/\/$/, '');
  const own = (workerId: string, what: string): string => `/api/admin/workers/${encodeURIComponent(workerId)}/${what}`;

  async function call(method: string, path: string, token: string, body: unknown, signal?: AbortSignal) {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const answer = (await response.json().catch(() => ({}))) as { error?: string; code?: string; data?: unknown };
    if (response.ok) return answer.data;
    throw new RefusedError(response.status, answer.error ?? `The gateway answered ${response.status}.`, answer.code);
  }

  return {
    async register(request, signal) {
      const data = await call('POST', '/api/admin/workers/register', joinToken, request, signal);
      const { incarnation, token } = Value.Decode(RegisterWorkerResultSchema, data);
      return { incarnation, token };
    },
    async heartbeat(workerId, token, metrics) {
      await call('PUT', own(workerId, 'heartbeat'), token, { metrics });
    },
    async rotateToken(workerId, token) {
      return Value.Decode(WorkerTokenSchema, await call('POST', own(workerId, 'token'), token, {})).token;
    },
  };
}
