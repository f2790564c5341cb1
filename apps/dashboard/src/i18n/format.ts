import { currentLanguage } from './i18n.ts';

/** Numbers and times in the language of the page and the time zone of the browser. */
const LOCALES = { en: 'en-GB', id: 'id-ID' } as const;
const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function cached<F extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  name: string,
  make: (locale: string) => F,
): F {
  const locale = LOCALES[currentLanguage()];
  const key = `${locale} ${name}`;
  const known = made.get(key) as F | undefined;
  if (known) return known;
  const format = make(locale);
  made.set(key, format);
  return format;
}

export const number = (value: number): string => cached('n', (locale) => new Intl.NumberFormat(locale)).format(value);

export const compact = (value: number): string =>
  cached('c', (locale) => new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })).format(
    value,
  );

/** @param share 0 to 1 */
export const percent = (share: number): string =>
  cached('p', (locale) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })).format(share);

export const time = (value: string | number | Date): string =>
  cached('t', (locale) => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })).format(
    new Date(value),
  );

export const dateTime = (value: string | number | Date): string =>
  cached('dt', (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })).format(
    new Date(value),
  );

export const preciseTime = (value: string | number | Date): string =>
  cached(
    'pt',
    (locale) =>
      new Intl.DateTimeFormat(locale, {
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        fractionalSecondDigits: 3,
      }),
  ).format(new Date(value));

export const day = (value: string | number | Date): string =>
  cached('d', (locale) => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })).format(new Date(value));

export const longDay = (value: string | number | Date): string =>
  cached('ld', (locale) => new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' })).format(
    new Date(value),
  );

const STEPS: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** Such as "3 minutes ago". */
export function ago(value: string | number | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(value).getTime() - now) / 1_000);
  const format = cached('r', (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(Math.trunc(seconds / 10) * 10 || 0, 'second');
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  const shown = value / 1_000 ** step;
  const digits = step === 0 || shown >= 100 ? 0 : 1;
  return `${cached(`b${digits}`, (locale) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits })).format(shown)} ${UNITS[step]}`;
}

/** Such as `2 d 3 h`, `1 h`, `5 min`, `12 s`. */
export function duration(seconds: number): string {
  const [d, h, m] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60];
  const dayUnit = currentLanguage() === 'id' ? 'hr' : 'd';
  const hourUnit = currentLanguage() === 'id' ? 'jam' : 'h';
  const minuteUnit = currentLanguage() === 'id' ? 'mnt' : 'min';
  const both = (first: string, rest: number, unit: string) => (rest > 0 ? `${first} ${rest} ${unit}` : first);
  if (d > 0) return both(`${d} ${dayUnit}`, h, hourUnit);
  if (h > 0) return both(`${h} ${hourUnit}`, m, minuteUnit);
  if (m > 0) return `${m} ${minuteUnit}`;
  return `${Math.floor(seconds)} ${currentLanguage() === 'id' ? 'dtk' : 's'}`;
}

/** A number of a phone in groups, such as `+62 812 3456 7890`. */
export function phone(value: string): string {
  const digits = value.replace(/\D/g, '');
  if (digits.length < 7) return value;
  const country = /^(?:1|7)/.test(digits) ? 1 : 2;
  const groups = digits.slice(country).match(/\d{1,4}/g) ?? [];
  const tail = groups.at(-1);
  if (tail && tail.length < 3 && groups.length > 1) groups.splice(-2, 2, `${groups.at(-2)}${tail}`);
  return `+${digits.slice(0, country)} ${groups.join(' ')}`;
}
