import { ApiError, toApiError } from './api-error.ts';
import { authorizedFetch } from './authorized-fetch.ts';
import { apiUrl } from './base-path.ts';

/** The phones of a sandbox as its control API shows them. The gateway passes it on where it has a sandbox. */
export interface Device {
  id: number;
  device: string;
  name: string | null;
  platform: string;
  connected: boolean;
  waiting: number;
}

export interface Phone {
  number: string;
  name: string;
  online: boolean;
  receipts: { deliveredMs: number; readMs?: number | null } | 'off';
  messages: number;
  lastSeq: number;
  devices: Device[];
}

export interface PhoneMessage {
  seq: number;
  id: string;
  from: string;
  fromMe: boolean;
  chat: string;
  type: string;
  text: string | null;
  media: { mimetype: string | null; bytes: number; fileName?: string } | null;
  details: Record<string, unknown>;
  wireCount: number;
  /** Milliseconds since 1970. */
  at: number;
  pushName: string | null;
  receipts: { delivered: string[]; read: string[]; played: string[] };
  changed: {
    text: string | null;
    isEdited: boolean;
    isDeleted: boolean;
    isHidden: boolean;
    reactions: Record<string, string>;
  };
}

export interface Fault {
  id: string;
  kind: string;
  device?: string | null;
  phone?: string | null;
  remaining: number | null;
}

const address = (path: string): string => apiUrl(`/api/sandbox/${path}`);

/**
 * The phones of the sandbox, where this installation has one. For administrators alone.
 *
 * @throws {ApiError} with status 404 where there is no sandbox
 */
export async function askSandbox<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await authorizedFetch(new Request(address(path), { method, ...init }));
  const answer = (await response.json().catch(() => undefined)) as { data: T } | undefined;
  if (!response.ok || !answer) throw toApiError(response, answer);
  return answer.data;
}

/** Where a picture of a message is. */
export const mediaUrl = (number: string, id: string): string =>
  address(`phones/${number}/messages/${encodeURIComponent(id)}/media`);

export const isWithoutSandbox = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
