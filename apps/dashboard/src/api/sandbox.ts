import { toApiError } from './api-error.ts';
import { authorizedFetch } from './authorized-fetch.ts';
import { apiUrl } from './base-path.ts';

/** A phone of the sandbox. */
export interface SandboxPhone {
  number: string;
  name: string;
}

/** A message as a phone of the sandbox shows it. */
export interface PhoneMessage {
  id: string;
  fromMe: boolean;
  from: string;
  text: string | null;
}

/**
 * The phones of the sandbox, where this installation has one. For administrators alone.
 *
 * @throws {ApiError} with status 404 where there is no sandbox
 */
export async function callSandbox<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const request = new Request(apiUrl(`/api/sandbox/${path}`), {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const response = await authorizedFetch(request);
  const answer = (await response.json().catch(() => undefined)) as { data: T } | undefined;
  if (!response.ok || !answer) throw toApiError(response, answer);
  return answer.data;
}
