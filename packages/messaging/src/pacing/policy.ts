import { DEFAULT_PACING, type PacingSettings, type PacingWait } from '@wa-gate/contracts';
import type { OutboxLane } from '@wa-gate/db';
import { isPaced } from '../outbox/lanes.ts';
import { dayOf, nextDayAt, quietUntil } from './local-time.ts';
import { recipientZones } from './recipient-zones.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** What is known of a session when its next message is chosen. Times are milliseconds since 1970, by one clock. */
export interface PacedSession {
  settings: PacingSettings;
  /** By the gap after the message before; `null`: at once. */
  nextAt: number | null;
  /** Where first contacts would be by now, were they spread evenly over the hour; `null`: none was made. */
  nextFirstContactAt: number | null;
  /** The day, in the zone of the settings, that the counts are of; of another day they are 0. */
  countedOn: string | null;
  sent: number;
  firstContacts: number;
  /** When the account was linked; `null`: it is not. */
  pairedAt: number | null;
  /** People who have written to the account: conversations that it has. */
  answered: number;
  /** Until then WhatsApp lets the account begin no chats; `null`: it does. */
  lockedUntil: number | null;
}

/** A message that is held, and whose time has come. */
export interface HeldMessage {
  messageId: string;
  lane: OutboxLane;
  chatJid: string;
  /** To somebody who has never written to the account. */
  isFirstContact: boolean;
  /** WhatsApp does not let the account begin this chat now. */
  isHeldBack: boolean;
}

/** Why a message may not go yet, and until when; `null`: that is not known. */
export interface PacedWait {
  reason: PacingWait;
  until: number | null;
}

export interface Decision {
  /** The messages that come into the queue now, in their order. */
  admit: HeldMessage[];
  /** Why the first of the others waits; `null`: none does. */
  wait: PacedWait | null;
  /** What the admission means for those after it. */
  next: Pick<PacedSession, 'nextAt' | 'nextFirstContactAt'>;
}

/** Days after its pairing in which a number is warmed up. */
export const WARM_UP_DAYS = 30;

/** Paced messages of a day of a number that was linked `days` ago, and has been written to by so many people. */
export function warmUpLimit(days: number, answered: number): number {
  if (days >= WARM_UP_DAYS) return Number.POSITIVE_INFINITY;
  return Math.floor(20 * 1.2 ** Math.max(0, days)) + 3 * answered;
}

/** The same for messages to people who have never written to the account. */
export function warmUpFirstContacts(days: number, answered: number): number {
  if (days >= WARM_UP_DAYS) return Number.POSITIVE_INFINITY;
  return Math.floor(10 * 1.1 ** Math.max(0, days)) + answered;
}

/** What a session may still let in today, and what of it is used up. */
export interface DayOfSession {
  sent: number;
  firstContacts: number;
  /** `Infinity`: no limit. */
  limit: number;
  firstContactsLimit: number;
  /** The smaller limit is that of the warm-up. */
  isWarmUp: boolean;
}

export function dayOfSession(session: PacedSession, now: number): DayOfSession {
  const { settings, pairedAt, answered } = session;
  const isToday = session.countedOn === dayOf(now, settings.timeZone);
  const days = pairedAt === null ? 0 : Math.floor((now - pairedAt) / DAY_MS);
  const isWarming = settings.warmUp && settings.mode === 'on';
  const warm = isWarming ? warmUpLimit(days, answered) : Number.POSITIVE_INFINITY;
  const warmFirst = isWarming ? warmUpFirstContacts(days, answered) : Number.POSITIVE_INFINITY;
  const set = settings.dailyLimit ?? Number.POSITIVE_INFINITY;
  return {
    sent: isToday ? session.sent : 0,
    firstContacts: isToday ? session.firstContacts : 0,
    limit: Math.min(set, warm),
    firstContactsLimit: Math.min(settings.firstContactsPerDay ?? Number.POSITIVE_INFINITY, warmFirst),
    isWarmUp: warm < set,
  };
}

/** Milliseconds between a message of a lane and the next one, at least. */
export const gapOf = ({ messageGapMs, broadcastGapMs }: PacingSettings, lane: OutboxLane): number =>
  lane === 'CAMPAIGN' ? broadcastGapMs : messageGapMs;

/**
 * When it stops being quiet for a message; `null`: it is not. Of a recipient without known zones the session's counts.
 */
function quietFor({ quietHours, timeZone }: PacingSettings, chatJid: string, now: number): number | null {
  if (!quietHours) return null;
  const zones = quietHours.clock === 'recipient' ? recipientZones(chatJid) : [];
  const ends = (zones.length > 0 ? zones : [timeZone]).flatMap((zone) => quietUntil(now, zone, quietHours) ?? []);
  return ends.length > 0 ? Math.max(...ends) : null;
}

/** How many first contacts may follow each other at once, of those of an hour: the others are spread over it. */
const AT_ONCE = 0.5;

/**
 * When the next first contact may go, by the budget of an hour. `nextFirstContactAt` is where they would be if they had
 * been spread evenly; they may be ahead of that by some.
 */
function firstContactAt({ settings: { firstContactsPerHour }, nextFirstContactAt }: PacedSession): number {
  if (firstContactsPerHour === null || nextFirstContactAt === null) return 0;
  const ahead = Math.ceil(firstContactsPerHour * AT_ONCE) - 1;
  return nextFirstContactAt - (ahead * HOUR_MS) / firstContactsPerHour;
}

/**
 * What one message of a session waits for; `null`: nothing. Those before it in its lane are not asked about.
 *
 * @param chatReadyAt when the gap of its chat is over
 */
export function waitOf(
  session: PacedSession,
  message: Pick<HeldMessage, 'lane' | 'chatJid' | 'isFirstContact' | 'isHeldBack'>,
  now: number,
  chatReadyAt = 0,
): PacedWait | null {
  const { settings } = session;
  const { lane, chatJid } = message;
  // What WhatsApp forbids is waited for in either mode. Messages that are not paced wait in the queue, which tells it.
  if (!isPaced(lane)) return null;
  if (message.isHeldBack) return { reason: 'time_lock', until: session.lockedUntil };
  if (settings.mode === 'off') return null;
  const quiet = quietFor(settings, chatJid, now);
  if (quiet !== null) return { reason: 'quiet_hours', until: quiet };
  const day = dayOfSession(session, now);
  if (day.sent >= day.limit)
    return { reason: day.isWarmUp ? 'warm_up' : 'daily_limit', until: nextDayAt(now, settings.timeZone) };
  if (message.isFirstContact) {
    if (day.firstContacts >= day.firstContactsLimit)
      return { reason: 'first_contacts', until: nextDayAt(now, settings.timeZone) };
    const free = firstContactAt(session);
    if (free > now) return { reason: 'first_contacts', until: free };
  }
  if ((session.nextAt ?? 0) > now) return { reason: 'gap', until: session.nextAt };
  return chatReadyAt > now ? { reason: 'chat_gap', until: chatReadyAt } : null;
}

/** Paced messages that are in the queue at a time where nothing paces them: an urgent one waits for so many at most. */
const UNPACED_AT_A_TIME = 10;

export interface DecisionInput {
  session: PacedSession;
  /** In the order of the lanes, and in each lane in the order of their times. */
  held: readonly HeldMessage[];
  /** Paced messages that are in the queue already. */
  queued: number;
  now: number;
  /** When the gap of a chat is over; 0: it is. */
  chatReadyAt?: (chatJid: string) => number;
  /** From 0 to 1. */
  random: () => number;
}

/**
 * Which held messages come into the queue now. Those that are not paced all do. Of the others one does, the first that
 * waits for nothing: a chat whose gap is not over, and a first contact without a budget, keep no other chat waiting.
 * Within a chat the order stays.
 */
export function decide({ session, held, queued, now, chatReadyAt = () => 0, random }: DecisionInput): Decision {
  const { settings, nextAt, nextFirstContactAt } = session;
  const room = settings.mode === 'off' ? UNPACED_AT_A_TIME - queued : queued === 0 ? 1 : 0;
  const admit = held.filter(({ lane }) => !isPaced(lane));
  const passed = new Set<string>();
  const paced: HeldMessage[] = [];
  let wait: PacedWait | null = null;
  for (const message of held) {
    if (!isPaced(message.lane)) continue;
    // Another message of the same chat and lane is waiting before it.
    const place = `${message.lane} ${message.chatJid}`;
    const why: PacedWait | null = passed.has(place)
      ? wait
      : waitOf(session, message, now, chatReadyAt(message.chatJid));
    if (why === null && paced.length < room) {
      paced.push(message);
      continue;
    }
    passed.add(place);
    const found: PacedWait = why ?? { reason: 'gap', until: null };
    wait = wait === null || isSooner(found, wait) ? found : wait;
  }
  const first = paced[0];
  const gap = first && settings.mode === 'on' ? withJitter(gapOf(settings, first.lane), settings.jitter, random) : null;
  const perHour = settings.firstContactsPerHour;
  const beginsContact = first?.isFirstContact === true && settings.mode === 'on' && perHour !== null;
  return {
    admit: [...admit, ...paced],
    wait,
    next: {
      nextAt: gap === null ? nextAt : now + gap,
      nextFirstContactAt: beginsContact
        ? Math.max(now, nextFirstContactAt ?? 0) + withJitter(HOUR_MS / perHour, settings.jitter, random)
        : nextFirstContactAt,
    },
  };
}

const isSooner = (a: PacedWait, b: PacedWait): boolean =>
  (a.until ?? Number.POSITIVE_INFINITY) < (b.until ?? Number.POSITIVE_INFINITY);

/** How far the random pauses are spread: of a hundred, two are more than five times as long as their median. */
const SPREAD = 0.8;
const LONGEST_PAUSE = 10;

/** The gap, and a random pause on top whose median is `jitter` of it. In milliseconds, whole. */
export function withJitter(gapMs: number, jitter: number, random: () => number): number {
  if (jitter === 0 || gapMs === 0) return Math.ceil(gapMs);
  // Box and Muller's way to the normal distribution.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.ceil(gapMs * (1 + Math.min(LONGEST_PAUSE, jitter * Math.exp(SPREAD * normal))));
}

/** What settings risk that are bolder than the defaults, in sentences for the caller. */
export function risksOf(settings: PacingSettings): string[] {
  const unguarded =
    settings.riskGuard === null
      ? ['No guard: broadcasts go on, whatever WhatsApp says about the account, until it is restricted or banned.']
      : [];
  if (settings.mode === 'off')
    return [
      ...unguarded,
      'Pacing is off: bulk and scheduled messages and broadcasts leave as fast as they can. WhatsApp restricts or bans accounts that send like that, ' +
        'new numbers within hours. Switch it on again before you write to people who do not expect it.',
    ];
  const risks: string[] = [...unguarded];
  const { messageGapMs, broadcastGapMs, chatGapMs, firstContactsPerDay, firstContactsPerHour, warmUp } = settings;
  if (messageGapMs < DEFAULT_PACING.messageGapMs || broadcastGapMs < DEFAULT_PACING.broadcastGapMs)
    risks.push('The gap between messages is shorter than a person types: WhatsApp may take the account for a machine.');
  if (chatGapMs < DEFAULT_PACING.chatGapMs)
    risks.push('Messages into one chat may follow each other faster than WhatsApp advises (one in 6 seconds).');
  if (!warmUp) risks.push('The number is not warmed up: a new one that sends much in its first month is often banned.');
  const most = DEFAULT_PACING.firstContactsPerDay!;
  if (firstContactsPerDay === null || firstContactsPerDay > most || firstContactsPerHour === null)
    risks.push(`More than ${most} people a day who have never written to the account is what most bans begin with.`);
  return risks;
}
