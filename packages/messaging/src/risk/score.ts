import {
  DEFAULT_PACING,
  RISK_LEVEL_FROM,
  RISK_LEVELS,
  RISK_SIGNALS,
  type RiskLevel,
  type RiskReason,
  type RiskSignal,
} from '@wa-gate/contracts';
import { WARM_UP_DAYS, warmUpFirstContacts } from '../pacing/policy.ts';

/**
 * What is known of an account when its risk is assessed. A day is the last 24 hours. A stranger is somebody who had
 * never written to the account when it wrote to them; groups are not counted anywhere.
 */
export interface RiskFigures {
  /** WhatsApp refuses the account as a whole. */
  isRefused: boolean;
  /** Days since the account was linked; `null`: it is not. */
  daysLinked: number | null;
  /** A time-lock is in force. */
  isLocked: boolean;
  /** Hours since a time-lock was in force; `null`: none is known. */
  hoursSinceLock: number | null;
  /** WhatsApp's word on the cap of new chats, in a cycle that goes on; `null`: none. */
  capping: 'first_warning' | 'second_warning' | 'capped' | null;
  /** Messages of the day that WhatsApp has acknowledged. */
  sent: number;
  /** Refused messages of the day: for one chat (463 and the like), and for sending too fast (429). */
  refusedChats: number;
  rateLimited: number;
  /** Messages of the day that left more than an hour ago, and how many of them have reached a phone. */
  settled: number;
  delivered: number;
  /** People written to in a day, and how many of them are strangers. */
  people: number;
  strangers: number;
  /** Strangers written to in the last seven days, six hours ago at least, and how many of them have answered. */
  asked: number;
  answered: number;
  /** Strangers of the day that got the text that most of them got. */
  sameText: number;
  /** Connections that ended in the last six hours. */
  disconnects: number;
}

/** What is found by one signal: points of the score, and what was observed. */
interface Finding {
  points: number;
  reason: string;
}

interface Signal {
  /** The most that it can add to the score. */
  weight: number;
  /** What to do about it. */
  advice: string;
  find: (figures: RiskFigures) => Finding | null;
}

/** A ratio of fewer says nothing. */
const ENOUGH = 20;
/** Hours in which a time-lock that is over fades. */
const LOCK_FADES_HOURS = 7 * 24;
/** The share of strangers who answer, from which on nothing is wrong. */
const HEALTHY_ANSWERS = 0.1;
/** Strangers of whom a tenth is expected to answer: of fewer, chance alone may keep all silent. */
const ENOUGH_ASKED = 30;
/** The share of messages that reach a phone within an hour, likewise. */
const HEALTHY_DELIVERY = 0.8;
const DAILY_STRANGERS = DEFAULT_PACING.firstContactsPerDay!;

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
/** 0 at `from` and below or above, whichever side it is on, and 1 at `to` and beyond. */
const ramp = (value: number, from: number, to: number): number =>
  Math.min(1, Math.max(0, (value - from) / (to - from)));

/** First contacts of a day that the default pacing lets an account make. */
function advisedStrangers({ daysLinked, answered }: RiskFigures): number {
  return Math.min(DAILY_STRANGERS, warmUpFirstContacts(daysLinked ?? 0, answered));
}

const FEWER_STRANGERS = 'Write to fewer new people a day: keep pacing on, with its limits for first contacts.';

/**
 * Everything that the score is made of. The weights are a judgement: WhatsApp publishes none. Its own words (a lock, a
 * cap) weigh enough to reach `high` with anything beside them; what the account does reaches it by itself when it goes
 * far beyond the default pacing.
 */
const SIGNALS: Readonly<Record<RiskSignal, Signal>> = {
  refused_account: {
    weight: 100,
    advice:
      'Open WhatsApp on the phone to see why, and ask for a review there. Send nothing until it is allowed again.',
    find: ({ isRefused }) => (isRefused ? { points: 100, reason: 'WhatsApp refuses the account.' } : null),
  },
  time_lock: {
    weight: 55,
    advice: 'Answer people who write, and begin no chats for some days: the next lock is longer, or is a ban.',
    find({ isLocked, hoursSinceLock }) {
      if (isLocked) return { points: 55, reason: 'WhatsApp does not let the account begin new chats at present.' };
      if (hoursSinceLock === null || hoursSinceLock >= LOCK_FADES_HOURS) return null;
      return {
        points: 35 * (1 - hoursSinceLock / LOCK_FADES_HOURS),
        reason: `Until ${Math.max(1, Math.round(hoursSinceLock))} hours ago WhatsApp did not let the account begin new chats.`,
      };
    },
  },
  capped: {
    weight: 40,
    advice: 'Begin fewer new chats until the cycle of the cap is over.',
    find({ capping }) {
      if (capping === null) return null;
      if (capping === 'capped') return { points: 40, reason: 'The cap of WhatsApp on new chats is used up.' };
      const points = capping === 'first_warning' ? 20 : 30;
      const word = capping === 'first_warning' ? 'once' : 'twice';
      return { points, reason: `WhatsApp has warned ${word} about its cap on new chats.` };
    },
  },
  refused_chats: {
    weight: 15,
    advice: 'Let these people write first. Check where the list comes from, and sort out who never answers.',
    find({ refusedChats, sent }) {
      const share = refusedChats / (sent + refusedChats || 1);
      if (refusedChats < 3) return null;
      return {
        points: 15 * ramp(share, 0.01, 0.1),
        reason: `WhatsApp has refused ${refusedChats} messages of a day for their chats (${percent(refusedChats, sent + refusedChats)}). The account as a whole was not refused.`,
      };
    },
  },
  rate_limited: {
    weight: 30,
    advice: 'Send more slowly: raise messageGapMs and broadcastGapMs of the pacing.',
    find: ({ rateLimited }) =>
      rateLimited === 0
        ? null
        : {
            points: 10 + 20 * ramp(rateLimited, 1, 6),
            reason: `WhatsApp has said ${times(rateLimited)} in a day that the account sends too fast (429).`,
          },
  },
  undelivered: {
    weight: 15,
    advice: 'Sort out numbers that are never reached: phones that block an account take nothing from it.',
    find: ({ settled, delivered }) =>
      settled < ENOUGH
        ? null
        : {
            points: 15 * ramp(delivered / settled, HEALTHY_DELIVERY, 0.4),
            reason: `Of ${settled} messages that left more than an hour ago, ${percent(delivered, settled)} have reached a phone.`,
          },
  },
  unanswered: {
    weight: 25,
    advice: 'Write to people who expect it, ask something that is easily answered, and offer a way to opt out.',
    find: ({ asked, answered }) =>
      asked < ENOUGH_ASKED
        ? null
        : {
            points: 25 * ramp(answered / asked, HEALTHY_ANSWERS, 0),
            reason: `Of ${asked} people who had never written to the account, ${percent(answered, asked)} have answered within some days.`,
          },
  },
  first_contacts: {
    weight: 40,
    advice: FEWER_STRANGERS,
    find(figures) {
      const { strangers } = figures;
      const advised = advisedStrangers(figures);
      return {
        // The days of the pacing begin at midnight: two of them may lie within 24 hours.
        points: 40 * ramp(strangers / advised, 2, 4),
        reason: `In a day the account has written to ${strangers} people who had never written to it; at most ${advised} are advised at its age.`,
      };
    },
  },
  strangers: {
    weight: 10,
    advice: 'Use the account for conversations too: answers to people who write weigh against it.',
    find: ({ people, strangers }) =>
      people < ENOUGH
        ? null
        : {
            points: 10 * ramp(strangers / people, 0.5, 1),
            reason: `${percent(strangers, people)} of the people that the account has written to in a day had never written to it.`,
          },
  },
  identical_texts: {
    weight: 10,
    advice: 'Write several variants, and use variables such as the name.',
    find: ({ sameText, strangers }) =>
      strangers < ENOUGH
        ? null
        : {
            points: 10 * ramp(sameText / strangers, 0.3, 1),
            reason: `${percent(sameText, strangers)} of these people got the same text.`,
          },
  },
  reconnects: {
    weight: 10,
    advice: 'See why the connection ends: the reasons are in the events connection.close of the session.',
    find: ({ disconnects }) => ({
      points: 10 * ramp(disconnects, 5, 30),
      reason: `The connection has ended ${times(disconnects)} in six hours.`,
    }),
  },
  new_number: {
    weight: 10,
    advice: 'Give a new number a month: let the warm-up of the pacing on, and get people to write to it.',
    find: ({ daysLinked, strangers }) =>
      daysLinked === null || daysLinked >= WARM_UP_DAYS || strangers < ENOUGH / 2
        ? null
        : {
            points: 10 * (1 - daysLinked / WARM_UP_DAYS),
            reason: `The account was linked ${Math.floor(daysLinked)} days ago, and writes to people who do not know it.`,
          },
  },
};

/** The risk of an account: a score, and what it is made of. */
export interface RiskScore {
  score: number;
  /** The heaviest first. */
  reasons: RiskReason[];
}

/** Points add up, to 100 at most. A signal without a whole point is not told. */
export function scoreRisk(figures: RiskFigures): RiskScore {
  const reasons = RISK_SIGNALS.flatMap((signal): RiskReason[] => {
    const { find, advice, weight } = SIGNALS[signal];
    const found = find(figures);
    const points = Math.round(Math.min(weight, found?.points ?? 0));
    return found && points > 0 ? [{ signal, points, reason: found.reason, advice }] : [];
  });
  const sum = reasons.reduce((total, { points }) => total + points, 0);
  return { score: Math.min(100, sum), reasons: reasons.toSorted((a, b) => b.points - a.points) };
}

/** A score must fall below a bound by so much before what it has set off ends: what goes up and down is told once. */
export const RISK_MARGIN = 5;

/** The level of a score. It rises at once, and falls when the score is below its bound by {@link RISK_MARGIN}. */
export function riskLevel(score: number, before: RiskLevel): RiskLevel {
  const of = (value: number): RiskLevel => RISK_LEVELS.findLast((level) => value >= RISK_LEVEL_FROM[level]) ?? 'low';
  const rank = (level: RiskLevel): number => RISK_LEVELS.indexOf(level);
  const up = of(score);
  if (rank(up) >= rank(before)) return up;
  const down = of(score + RISK_MARGIN);
  return rank(down) >= rank(before) ? before : down;
}
