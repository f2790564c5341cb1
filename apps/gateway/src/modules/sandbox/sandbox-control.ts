import { Agent, request } from 'undici';
import { ApiError } from '../../http/api-error.ts';

/** What people may do to the phones of a sandbox over the gateway. Its recorder and its reset are not here. */
const ALLOWED: readonly [methods: readonly string[], path: RegExp][] = [
  [['GET', 'POST'], /^phones$/],
  [['GET', 'PATCH'], /^phones\/\d{5,20}$/],
  [['POST'], /^phones\/\d{5,20}\/(?:scan|enter-code|receipts|presence)$/],
  [['GET', 'POST'], /^phones\/\d{5,20}\/messages$/],
  [['GET'], /^phones\/\d{5,20}\/messages\/[\w-]{1,128}\/media$/],
  [['GET'], /^phones\/\d{5,20}\/devices$/],
  [['DELETE'], /^phones\/\d{5,20}\/devices\/\d{1,3}$/],
  [['GET', 'POST'], /^faults$/],
  [['DELETE'], /^faults\/[\w-]{1,64}$/],
];

/** Whether the control API is asked for this at all. @param path below its root */
export const isAllowedInSandbox = (method: string, path: string): boolean =>
  ALLOWED.some(([methods, pattern]) => methods.includes(method) && pattern.test(path));

export interface SandboxCall {
  method: string;
  /** Below the root of the control API. */
  path: string;
  query: Readonly<Record<string, string | number>>;
  body: unknown;
}

export interface SandboxAnswer {
  status: number;
  type: string;
  bytes: Buffer;
}

/** The control API of the sandbox that this installation has. */
export interface SandboxControl {
  /** @throws {ApiError} SANDBOX_REFUSED with the sandbox's own sentence; SANDBOX_UNAVAILABLE */
  call(call: SandboxCall): Promise<SandboxAnswer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;

export function createSandboxControl({ url, token }: { url: string; token?: string | undefined }): SandboxControl {
  const dispatcher = new Agent({ connect: { timeout: 3_000 }, connections: 8 });
  const root = url.replace(/\/+$/, '');

  async function ask({ method, path, query, body }: SandboxCall): Promise<SandboxAnswer> {
    const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
    const text = new URLSearchParams(given).toString();
    const answer = await request(`${root}/${path}${text && `?${text}`}`, {
      method: method as 'GET',
      dispatcher,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      type: String(answer.headers['content-type'] ?? ''),
      bytes: Buffer.from(await answer.body.arrayBuffer()),
    };
  }

  return {
    async call(call) {
      const answer = await ask(call).catch((cause: Error) => {
        throw new ApiError('SANDBOX_UNAVAILABLE', { cause });
      });
      if (answer.status < 300) return answer;
      if (answer.status === 401 || answer.status >= 500) {
        throw new ApiError('SANDBOX_UNAVAILABLE', { details: { status: answer.status } });
      }
      throw new ApiError('SANDBOX_REFUSED', refusalOf(answer));
    },
    close: () => dispatcher.close(),
  };
}

/** The sandbox's sentence, and its own code. */
function refusalOf({ status, bytes }: SandboxAnswer): { message?: string; details: Record<string, unknown> } {
  try {
    const { error, code } = JSON.parse(bytes.toString()) as { error?: unknown; code?: unknown };
    return { ...(typeof error === 'string' && { message: error }), details: { status, code } };
  } catch {
    return { details: { status } };
  }
}
