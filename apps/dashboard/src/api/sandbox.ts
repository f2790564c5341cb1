import { isWaGateError } from '@wa-gate/sdk';
import { apiUrl } from './base-path.ts';
import { api } from './client.ts';

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

/**
 * The phones of the sandbox, where this installation has one. For administrators alone.
 *
 * @throws {WaGateError} with status 404 where there is no sandbox
 */
export const askSandbox = <T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> =>
  api.request<T>(method, `/api/sandbox/${path}`, { body });

/** Where a picture of a message is. */
export const mediaUrl = (number: string, id: string): string =>
  apiUrl(`/api/sandbox/phones/${number}/messages/${encodeURIComponent(id)}/media`);

export const isWithoutSandbox = (error: unknown): boolean => isWaGateError(error) && error.status === 404;
