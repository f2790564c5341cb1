import type { AnswerOf, LiveEvent } from '@wa-gate/contracts';
import { type BinaryNode, jidNormalizedUser } from './baileys.ts';
import { BoundedCache } from './bounded-cache.ts';
import { childrenOf } from './nodes.ts';

export type Presence = AnswerOf<'presence.get'>;
/** What a stream of events is told. */
export type PresenceUpdate = Extract<LiveEvent, { type: 'presence.update' }>['data'];

/** People of one session. WhatsApp's own clients watch the chat that is open. */
const MOST = 200;

const NOTHING: Presence = { state: 'unknown', lastSeenAt: null, asOf: null };

/**
 * Who is online, as WhatsApp has told a session: in memory alone, because it is wrong a moment later. People are named
 * by one of their names; the caller takes the same one each time.
 */
export class PresenceBook {
  readonly #watched = new BoundedCache<Presence>({ max: MOST });
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #jids = new BoundedCache<string>({ max: MOST });

  /** @param jid the name under which WhatsApp is asked */
  watch(name: string, jid: string): void {
    this.#jids.set(name, jid);
    if (!this.#watched.get(name)) this.#watched.set(name, NOTHING);
  }

  /** WhatsApp tells of everybody who writes: who is not watched is not kept. */
  isWatched(name: string): boolean {
    return this.#watched.has(name);
  }

  /** The jids of the watched, for the next connection. */
  watchedJids(): string[] {
    return this.#jids.values();
  }

  get(name: string): Presence {
    return this.#watched.get(name) ?? NOTHING;
  }

  /** Of a person who is watched. */
  tell(name: string, presence: Presence): void {
    const { lastSeenAt } = this.get(name);
    this.#watched.set(name, { ...presence, lastSeenAt: presence.lastSeenAt ?? lastSeenAt });
    for (const done of this.#waiting.get(name) ?? []) done();
  }

  /** Resolves with the next word about a person, or after `ms` with what is known. */
  next(name: string, ms: number): Promise<Presence> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const done = () => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(name);
        resolve(this.get(name));
      };
      const timer = setTimeout(done, ms);
      waiting.add(done);
    });
  }
}

export interface ToldPresence extends Presence {
  state: PresenceUpdate['state'];
  /** The chat: of a person, or a group in which somebody is typing. */
  chat: string;
  from: string;
}

/** A stanza `presence` or `chatstate`; `null`: it tells nothing of a person. */
export function readPresence(node: BinaryNode, at: Date): ToldPresence | null {
  const { tag, attrs } = node;
  const chat = attrs.from ? jidNormalizedUser(attrs.from) : '';
  const from = attrs.participant ? jidNormalizedUser(attrs.participant) : chat;
  if (!/@(s\.whatsapp\.net|lid)$/.test(from) || from.startsWith('@')) return null;
  const asOf = at.toISOString();
  if (tag === 'presence') {
    const isOffline = attrs.type === 'unavailable';
    const seconds = Number(attrs.last);
    const lastSeenAt = isOffline && seconds > 0 ? new Date(seconds * 1000).toISOString() : null;
    return { chat, from, state: isOffline ? 'offline' : 'online', lastSeenAt, asOf };
  }
  const [what] = childrenOf(node);
  if (!what) return null;
  const typing = what.attrs.media === 'audio' ? 'recording' : 'typing';
  return { chat, from, state: what.tag === 'composing' ? typing : 'online', lastSeenAt: null, asOf };
}

/** For streams of events. @param fromAlt the other name of the person */
export function toldOf({ chat, from, state, lastSeenAt }: ToldPresence, fromAlt: string | null): PresenceUpdate {
  const alt = fromAlt && fromAlt !== from ? fromAlt : undefined;
  return {
    chat,
    ...(alt && chat === from && { chatAlt: alt }),
    from,
    ...(alt && { fromAlt: alt }),
    state,
    lastSeenAt,
  };
}
