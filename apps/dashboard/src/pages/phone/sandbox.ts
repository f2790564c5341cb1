import { queryOptions } from '@tanstack/react-query';
import { ApiError, toApiError } from '../../api/api-error.ts';
import { authorizedFetch } from '../../api/authorized-fetch.ts';
import { apiUrl } from '../../api/base-path.ts';
import { queryClient } from '../../api/query-client.ts';

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

/** @throws {ApiError} */
export async function askSandbox<T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await authorizedFetch(new Request(address(path), { method, ...init }));
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw toApiError(response, answer);
  return (answer as { data: T }).data;
}

/** Where a picture of a message is. */
export const mediaUrl = (number: string, id: string): string =>
  address(`phones/${number}/messages/${encodeURIComponent(id)}/media`);

/** Phones tell nobody when something comes: the page looks again while it is shown. */
const EVERY_MS = 1_000;
/** Of the latest messages. */
const SHOWN = 300;

export const isWithoutSandbox = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

export const phonesQuery = queryOptions({
  queryKey: ['sandbox', 'phones'],
  queryFn: async () => (await askSandbox<{ phones: Phone[] }>('GET', 'phones')).phones,
  refetchInterval: ({ state }) => (state.error && isWithoutSandbox(state.error) ? false : 2 * EVERY_MS),
});

export const messagesQuery = (number: string) =>
  queryOptions({
    queryKey: ['sandbox', 'messages', number],
    queryFn: async () => {
      const known = queryClient.getQueryData<Phone[]>(['sandbox', 'phones'])?.find((phone) => phone.number === number);
      const after = Math.max(0, (known?.lastSeq ?? 0) - SHOWN);
      return (
        await askSandbox<{ messages: PhoneMessage[] }>('GET', `phones/${number}/messages?after=${after}&limit=1000`)
      ).messages;
    },
    refetchInterval: EVERY_MS,
  });

export const faultsQuery = queryOptions({
  queryKey: ['sandbox', 'faults'],
  queryFn: async () => (await askSandbox<{ faults: Fault[] }>('GET', 'faults')).faults,
  refetchInterval: 3 * EVERY_MS,
});

export const refreshSandbox = () => queryClient.invalidateQueries({ queryKey: ['sandbox'] });
