import type { BaileysEventMap, WASocket } from './baileys.ts';

/**
 * Events of Baileys that are passed on as they are. What has no place here holds the keys of the account, the code that
 * links it, ciphertext of files, or the history of before the linking.
 */
const PASSED = [
  'messages.upsert',
  'messages.update',
  'messages.delete',
  'messages.reaction',
  'message-receipt.update',
  'chats.upsert',
  'chats.update',
  'chats.delete',
  'contacts.upsert',
  'contacts.update',
  'groups.upsert',
  'groups.update',
  'group-participants.update',
  'group.join-request',
  'group.member-tag.update',
  'presence.update',
  'blocklist.set',
  'blocklist.update',
  'call',
  'labels.edit',
  'labels.association',
  'lid-mapping.update',
  'message-capping.update',
  'newsletter.reaction',
  'newsletter.view',
  'newsletter-participants.update',
  'newsletter-settings.update',
] as const satisfies readonly (keyof BaileysEventMap)[];
const IS_PASSED: ReadonlySet<string> = new Set(PASSED);

/** An event of Baileys without bytes and secrets. */
export interface EngineEvent {
  name: string;
  /** `null`: it is too large. */
  body: unknown;
}

/** Values and characters of a body. */
const MOST = { values: 2_000, characters: 32_000, depth: 40 } as const;

/** Members whose value, as text or number, belongs to a key or opens something. */
const SECRET =
  /secret|token|password|mediakey|enckey|keydata|keyshare|fingerprint|privatekey|identitykey|prekey|creds/i;

class TooLargeError extends Error {}

export interface EngineTap {
  /** Asked before anything is read, so that a session without listeners pays for one question. */
  isWanted(): boolean;
  tell(event: EngineEvent): void;
}

/**
 * Passes events of Baileys on. Messages are kept out of its buffer ({@link listenForArrivals}) and are told when they
 * have been handled. Call it after that.
 */
export function tapEngine({ ev }: Pick<WASocket, 'ev'>, { isWanted, tell }: EngineTap): void {
  const pass = (events: Readonly<Record<string, unknown>>): void => {
    if (isWanted()) for (const event of readEngineEvents(events)) tell(event);
  };
  ev.process(pass);
  const emit = ev.emit.bind(ev);
  ev.emit = (name, data) => {
    const isTaken = emit(name, data);
    if (name === 'messages.upsert') pass({ [name]: data });
    return isTaken;
  };
}

/** What of the events of one flush is passed on. */
export function readEngineEvents(events: Readonly<Record<string, unknown>>): EngineEvent[] {
  return Object.entries(events)
    .filter(([name]) => IS_PASSED.has(name))
    .map(([name, given]) => ({ name, body: bodyOf(given) }));
}

function bodyOf(given: unknown): unknown {
  try {
    return withoutSecrets(given, { values: 0, characters: 0 }, 0) ?? null;
  } catch (error) {
    if (error instanceof TooLargeError) return null;
    throw error;
  }
}

/** A copy that is JSON. Keys and hashes are bytes, and so none of them is in it; `undefined`: nothing is left. */
function withoutSecrets(value: unknown, spent: { values: number; characters: number }, depth: number): unknown {
  spent.values += 1;
  if (typeof value === 'string') spent.characters += value.length;
  if (spent.values > MOST.values || spent.characters > MOST.characters || depth > MOST.depth) throw new TooLargeError();
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'bigint':
      return Number(value);
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null || isBytes(value)) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if ('toNumber' in value && typeof value.toNumber === 'function') return (value.toNumber as () => number)();
  if (Array.isArray(value)) {
    return value.map((item) => withoutSecrets(item, spent, depth + 1)).filter((item) => item !== undefined);
  }
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (SECRET.test(name)) continue;
    const kept = withoutSecrets(member, spent, depth + 1);
    if (kept !== undefined) copy[name] = kept;
  }
  return copy;
}

/** Bytes, or what JSON has made of them. */
const isBytes = (value: object): boolean =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || ('type' in value && value.type === 'Buffer');
