import type { Prng } from '../../chaos/prng.ts';
import { EXTRA_MEMBERS, NASTY_STRINGS, NASTY_VALUES } from './nasty.ts';

type Step = string | number;

export interface MutatedJson {
  value: unknown;
  /** The mutation, for the report. */
  what: string;
}

/** Applies one mutation to a JSON value: another value somewhere, a member less or more, a list in its place. */
export function mutateJson(value: unknown, prng: Prng): MutatedJson {
  const places = placesOf(value);
  const place = prng.pick(places);
  const nasty = prng.next() < 0.5 ? prng.pick(NASTY_STRINGS) : prng.pick(NASTY_VALUES);
  const name = place.join('.') || 'the body';
  switch (prng.between(0, 4)) {
    case 0:
    case 1:
      return { value: replaced(value, place, () => nasty), what: `${name} is nasty` };
    case 2:
      return place.length === 0
        ? { value: nasty, what: 'the body is nasty' }
        : { value: without(value, place), what: `${name} is missing` };
    case 3: {
      const [member, content] = prng.pick(EXTRA_MEMBERS);
      const objects = places.filter((at) => isObject(valueAt(value, at)));
      if (objects.length === 0) return { value: [value], what: 'the body is in a list' };
      const at = prng.pick(objects);
      const what = `${at.join('.') || 'the body'} has ${member.slice(0, 20)}`;
      // fromEntries makes `__proto__` an ordinary member, as JSON.parse does.
      const extended = (old: unknown) => Object.fromEntries([...Object.entries(old as object), [member, content]]);
      return { value: replaced(value, at, extended), what };
    }
    default:
      return { value: replaced(value, place, (old) => [old]), what: `${name} is in a list` };
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function placesOf(value: unknown, at: Step[] = []): Step[][] {
  if (Array.isArray(value)) return [at, ...value.flatMap((item, index) => placesOf(item, [...at, index]))];
  if (isObject(value)) return [at, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...at, key]))];
  return [at];
}

const valueAt = (value: unknown, place: readonly Step[]): unknown =>
  place.reduce<unknown>((at, step) => (at as Record<Step, unknown>)[step], value);

function replaced(value: unknown, place: readonly Step[], change: (old: unknown) => unknown): unknown {
  const [step, ...rest] = place;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? replaced(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]) => [key, key === step ? replaced(item, rest, change) : item]),
  );
}

function without(value: unknown, place: readonly Step[]): unknown {
  const last = place.at(-1);
  return replaced(value, place.slice(0, -1), (parent) =>
    Array.isArray(parent)
      ? parent.filter((_, index) => index !== last)
      : Object.fromEntries(Object.entries(parent as object).filter(([key]) => key !== last)),
  );
}
