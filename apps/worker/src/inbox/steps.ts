import type { InboundChange } from '@wa-gate/messaging';

interface Item {
  sessionId: string;
  message: object | null;
  change: Pick<InboundChange, 'kind' | 'fromJid' | 'target' | 'data'> | null;
}

interface Place {
  step: number;
  kind: 'message' | 'change';
  /** What the changes of this step touch. */
  touched: Set<string>;
}

/**
 * Divides a batch into steps, which are written one after the other. The events of a session keep the order in which
 * its messages and changes came. No step touches a message twice: its statement reads each message once.
 */
export function inSteps<T extends Item>(batch: readonly T[]): T[][] {
  const steps: T[][] = [];
  const places = new Map<string, Place>();
  for (const item of batch) {
    const { step } = placeOf(places, item);
    steps[step] ??= [];
    steps[step].push(item);
  }
  return steps;
}

function placeOf(places: Map<string, Place>, { sessionId, message, change }: Item): Place {
  const kind = change ? 'change' : 'message';
  let place = places.get(sessionId) ?? { step: 0, kind, touched: new Set() };
  const touches = change && touchedBy(change);
  const isNext = place.kind !== kind || (touches !== null && place.touched.has(touches));
  // What only ends journal rows has no place in the order.
  if (isNext && (message || change)) place = { step: place.step + 1, kind, touched: new Set() };
  if (touches !== null) place.touched.add(touches);
  places.set(sessionId, place);
  return place;
}

/** What each person has one of: a reaction, a vote, an answer. */
const OF_EACH_PERSON: ReadonlySet<unknown> = new Set(['reaction', 'vote', 'answer']);

/** Reactions, votes and answers of several people do not meet; all else touches the message itself. */
function touchedBy({ kind, fromJid, target, data }: NonNullable<Item['change']>): string {
  return OF_EACH_PERSON.has(kind) || OF_EACH_PERSON.has(data.sealed)
    ? `${target.waMessageId} ${fromJid}`
    : target.waMessageId;
}
