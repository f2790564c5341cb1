/** Where the same line has been written in two ways, and how the other one is made of the digits of one. */
const RULES: readonly { from: RegExp; to: string }[] = [
  // Mexico: mobile numbers had a 1 behind the country code until 2019, and WhatsApp keeps it.
  { from: /^521(\d{10})$/, to: '52$1' },
  { from: /^52([2-9]\d{9})$/, to: '521$1' },
  // Argentina: mobile numbers have a 9 behind the country code when they are called from abroad.
  { from: /^549(\d{10})$/, to: '54$1' },
  { from: /^54([1-8]\d{9})$/, to: '549$1' },
  // Brazil: the ninth digit of mobile numbers, from 2012 on.
  { from: /^55(\d{2})9([6-9]\d{7})$/, to: '55$1$2' },
  { from: /^55(\d{2})([6-9]\d{7})$/, to: '55$19$2' },
  // Benin: 01 before all numbers, since 2024.
  { from: /^22901(\d{8})$/, to: '229$1' },
  { from: /^229([2-9]\d{7})$/, to: '22901$1' },
  // Ivory Coast: 01, 05 or 07 before mobile numbers, since 2021, by the network that the second digit tells.
  { from: /^22501(\d[0-3]\d{6})$/, to: '225$1' },
  { from: /^22505(\d[4-6]\d{6})$/, to: '225$1' },
  { from: /^22507(\d[7-9]\d{6})$/, to: '225$1' },
  { from: /^225([04-9][0-3]\d{6})$/, to: '22501$1' },
  { from: /^225([04-9][4-6]\d{6})$/, to: '22505$1' },
  { from: /^225([04-9][7-9]\d{6})$/, to: '22507$1' },
];

/**
 * The other ways in which people write the same number. Which of them is the name of an account, only WhatsApp knows.
 *
 * @param number digits with the country code
 */
export const otherSpellings = (number: string): string[] =>
  RULES.flatMap(({ from, to }) => (from.test(number) ? [number.replace(from, to)] : []));
