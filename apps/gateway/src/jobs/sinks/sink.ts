import type { SinkConfiguration, SinkType } from '@wa-gate/contracts';
import type { AddressGuard } from './address-guard.ts';

/** An event on its way to a broker. */
export interface SinkMessage {
  /** Of the event: the same for each attempt and for every endpoint. */
  id: string;
  /** Of the event at this endpoint, for brokers that drop a second message with an id that they have seen. */
  copyId: string;
  event: string;
  /** The public id of the session. */
  sessionId: string;
  seq: number;
  /** JSON, as a webhook gets it. */
  body: string;
  /** As a webhook gets them: they sign the body. */
  headers: Readonly<Record<string, string>>;
}

/** Why a broker has not taken an event. */
export const SINK_FAILURES = [
  /** There is no connection, or it was lost. */
  'unreachable',
  /** The credentials are wrong, or may not publish. */
  'unauthorized',
  /** The broker takes nothing now: its memory, disk or queue is full, or it asks for fewer messages. */
  'full',
  /** The exchange, stream, topic or queue does not exist, or gives the message to nobody. */
  'no_destination',
  /** The broker does not take this event, whatever becomes of others. */
  'refused',
  /** No confirmation within the time for an attempt. */
  'timeout',
] as const;
export type SinkFailure = (typeof SINK_FAILURES)[number];

/** The broker has not confirmed a message. Whether it has it is not known. */
export class SinkError extends Error {
  override name = 'SinkError';
  readonly failure: SinkFailure;

  /** @param message a sentence for the owner of the endpoint, without credentials */
  constructor(failure: SinkFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** An open connection to a broker. Endpoints with the same credentials share one. */
export interface SinkLink<C extends SinkConfiguration = SinkConfiguration> {
  /** A link that is not open is never open again. */
  readonly isOpen: boolean;
  /**
   * Resolves when the broker has confirmed the message. Messages that were begun in an order are in that order at the
   * broker.
   *
   * @throws {SinkError}
   */
  publish(message: SinkMessage, configuration: C): Promise<void>;
  close(): Promise<void>;
}

export interface SinkContext {
  guard: AddressGuard;
  /** What the broker shows as the name of the connection. */
  name: string;
  /** Milliseconds that opening may take. */
  connectMs: number;
  /** Milliseconds without a confirmation, after which the link is given up. */
  publishMs: number;
}

/** One type of broker. */
export interface SinkDriver<C extends SinkConfiguration = SinkConfiguration> {
  /** Members that tell one connection from another; the others choose the destination. */
  connection(configuration: C): readonly unknown[];
  /**
   * Connects once. Nothing here connects again by itself: whoever publishes next opens a new link, channels included,
   * and decides how often.
   *
   * @throws {SinkError}
   */
  open(configuration: C, context: SinkContext): Promise<SinkLink<C>>;
}

/** The configuration of one type. */
export type ConfigurationOf<T extends SinkType> = Extract<SinkConfiguration, { type: T }>;

/** Puts the parts of an event into a template. */
export const filled = (template: string, { event, sessionId }: Pick<SinkMessage, 'event' | 'sessionId'>): string =>
  template.replaceAll('{event}', event).replaceAll('{sessionId}', sessionId);

/** User and password of a URL, decoded; `undefined`: it has none. */
export function userOf(url: URL): { username: string; password: string } | undefined {
  if (!url.username && !url.password) return undefined;
  return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}

/** The host of a URL without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** A failure of the network, or of TLS, in a sentence; the error itself when it is a {@link SinkError} already. */
export function unreachable(error: unknown, where: string): SinkError {
  if (error instanceof SinkError) return error;
  const { code, message } = error as { code?: string; message?: string };
  const why = code && NETWORK_CODES.has(code) ? code : (message ?? code ?? 'unknown');
  return new SinkError('unreachable', `${where} cannot be reached (${why}).`, { cause: error });
}
