import { defineTexts } from '../i18n/i18n.ts';

/** What is wrong with a phone number, by the codes of the API, which has the sentences in English. */
const numberProblems = defineTexts('number-problems', {
  en: {
    no_number: 'This is not a phone number. Write +, the country code and the number.',
    leading_zero: 'A number begins with its country code, not with 0: write +62 812… instead of 0812…',
    no_country_code: 'The number has no country code. One of the USA or Canada begins with +1.',
    wrong_length: 'A phone number has 7 to 15 digits with its country code.',
    unknown_country_code: 'No country code begins like this number.',
    bad_jid: 'This is no address of WhatsApp. Use a phone number with its country code.',
  },
  id: {
    no_number: 'Ini bukan nomor telepon. Tulis +, kode negara, lalu nomornya.',
    leading_zero: 'Nomor diawali kode negara, bukan 0: tulis +62 812…, bukan 0812…',
    no_country_code: 'Nomor ini tanpa kode negara. Nomor Amerika Serikat atau Kanada diawali +1.',
    wrong_length: 'Nomor telepon terdiri dari 7 sampai 15 angka, termasuk kode negara.',
    unknown_country_code: 'Tidak ada kode negara yang diawali seperti nomor ini.',
    bad_jid: 'Ini bukan alamat WhatsApp. Gunakan nomor telepon dengan kode negara.',
  },
});
const KNOWN = new Set<string>([
  'no_number',
  'leading_zero',
  'no_country_code',
  'wrong_length',
  'unknown_country_code',
  'bad_jid',
]);

/** @returns what to do about a number; nothing for a code that is not about numbers */
export function numberProblem(code: string): string | undefined {
  return KNOWN.has(code) ? numberProblems.now(code as 'no_number') : undefined;
}
