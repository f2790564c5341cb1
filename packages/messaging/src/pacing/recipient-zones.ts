import { parsePhoneNumberFromString } from 'libphonenumber-js';

type LocaleWithZones = Intl.Locale & { timeZones?: string[]; getTimeZones?: () => string[] | undefined };

const zonesOfCountry = new Map<string, readonly string[]>();

/**
 * The time zones in which the owner of a number may be: those of its country. None for a group, for a name that tells
 * no number, and for countries that the runtime knows no zones of.
 */
export function recipientZones(chatJid: string): readonly string[] {
  const number = /^(\d{5,15})@s\.whatsapp\.net$/.exec(chatJid)?.[1];
  const country = number === undefined ? undefined : parsePhoneNumberFromString(`+${number}`)?.country;
  if (!country) return [];
  const known = zonesOfCountry.get(country);
  if (known) return known;
  const locale = new Intl.Locale('und', { region: country }) as LocaleWithZones;
  const zones = locale.getTimeZones?.() ?? locale.timeZones ?? [];
  zonesOfCountry.set(country, zones);
  return zones;
}
