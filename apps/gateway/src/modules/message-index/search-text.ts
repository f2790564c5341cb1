import { otherSpellings } from '@wa-gate/messaging';
import { parsePhoneNumberFromString } from 'libphonenumber-js';

/** What a search looks for in the documents of messages. All of it must be there. */
export interface SearchTerms {
  /** Of `LIKE`, for the document. */
  patterns: string[];
  /** Every document that fits has all of these. */
  grams: number[];
}

/** Characters of a message that are searched. */
export const MAX_DOCUMENT = 5_000;

/** Accents, and what changes only how a character looks: variants of emoji, skin tones, joiners, soft hyphens. */
const MARKS = /\p{Emoji_Modifier}|[\u0300-\u036f\u20e3\ufe0e\ufe0f\u200b-\u200f\u00ad]/gu;
/** Emoji and flags are words of their own, however they stand. */
const PICTURES = /[\u{1f1e6}-\u{1f1ff}]{2}|\p{Extended_Pictographic}/gu;
const BETWEEN_WORDS = /[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}]+/u;
/** Scripts that write no blanks between words: one sign may be a word. */
const SIGNS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/** Digits, and what people put between those of one number. */
const NUMBER = /\+?\d(?:[\d().\u2010-\u2015/-]|[^\S\n])*\d/g;
/** Digits of what is looked for as a phone number. */
const NUMBER_DIGITS = 7;
/** In a query: words, or several of them in quotes. */
const QUOTED_OR_WORD = /"([^"]*)"|\S+/g;

const digitsOf = (number: string): string => number.replace(/\D/g, '');

/** The words of a text, as they are compared: `Más café` and `MAS CAFE` are the same. */
function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').toLowerCase().replace(MARKS, '').normalize('NFC');
  return plain
    .replace(PICTURES, ' $& ')
    .split(BETWEEN_WORDS)
    .filter((word) => word !== '');
}

/** The document of a message: its words between blanks. Numbers that are written with gaps stand there once more. */
export function documentOf(texts: readonly string[]): string {
  const text = texts.join('\n').slice(0, MAX_DOCUMENT);
  const words = wordsOf(text);
  const known = new Set(words);
  for (const [number] of text.normalize('NFKC').matchAll(NUMBER)) {
    const digits = digitsOf(number);
    if (digits.length >= NUMBER_DIGITS) known.add(digits);
  }
  // A set keeps its order: behind the words are the numbers that are none.
  const numbers = [...known].slice(new Set(words).size);
  return words.length === 0 ? '' : ` ${[...words, ...numbers].join(' ')} `;
}

/** FNV-1a. Two texts with one hash cost a look into a document too many, and nothing else. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash | 0;
}

const isShort = (word: string): boolean => Array.from(word).length < 3;

/** All of three letters in a row, and in scripts of signs those of one and two. */
function* gramsWithin(word: string): Generator<number> {
  const letters = Array.from(word);
  for (let n = 0; n + 3 <= letters.length; n += 1) yield hashOf(`3${letters[n]}${letters[n + 1]}${letters[n + 2]}`);
  for (const [n, letter] of letters.entries()) {
    if (!SIGNS.test(letter)) continue;
    yield hashOf(`1${letter}`);
    const next = letters[n + 1];
    if (next !== undefined && SIGNS.test(next)) yield hashOf(`2${letter}${next}`);
  }
}

const gramOfWord = (word: string): number => hashOf(`w${word}`);
/** Messages of a session, and those that a member of a group wrote, are found by the same index. */
export const gramOfSession = (sessionId: string): number => hashOf(`s${sessionId}`);
export const gramOfWriter = (jid: string): number => hashOf(`f${jid}`);

/** The hashes by which the index finds a document. */
export function gramsOf(document: string): Set<number> {
  const grams = new Set<number>();
  for (const word of document.trim().split(' ')) {
    if (word === '') continue;
    if (isShort(word)) grams.add(gramOfWord(word));
    for (const gram of gramsWithin(word)) grams.add(gram);
  }
  return grams;
}

/**
 * Reads what somebody looks for: words that stand anywhere, also inside others, and together where they are in
 * quotes or without a blank. Words of one or two letters are whole words. Phone numbers are found in any spelling.
 *
 * @returns `null`: nothing in it can be searched
 */
export function readSearch(query: string): SearchTerms | null {
  const numbers: string[] = [];
  const rest = query.normalize('NFKC').replace(NUMBER, (number) => {
    const digits = digitsOf(number);
    if (digits.length < NUMBER_DIGITS) return number;
    numbers.push(commonPartOf(digits));
    return ' ';
  });
  const terms: SearchTerms = { patterns: [], grams: [] };
  for (const number of new Set(numbers)) {
    terms.patterns.push(`%${number}%`);
    terms.grams.push(...gramsWithin(number));
  }
  for (const [chunk, quoted] of rest.matchAll(QUOTED_OR_WORD)) addWords(terms, wordsOf(quoted ?? chunk));
  return terms.patterns.length === 0 ? null : { ...terms, grams: [...new Set(terms.grams)] };
}

/** Words hold letters and digits alone: nothing in them has a meaning for `LIKE`. */
function addWords({ patterns, grams }: SearchTerms, words: readonly string[]): void {
  if (words.length === 0) return;
  const areWhole = words.every((word) => isShort(word) && !SIGNS.test(word));
  const phrase = words.join(' ');
  patterns.push(areWhole ? `% ${phrase} %` : `%${phrase}%`);
  for (const [n, word] of words.entries()) {
    // The first and the last word may be parts of longer ones.
    const isInner = n > 0 && n < words.length - 1;
    if (isShort(word) && (areWhole || isInner)) grams.push(gramOfWord(word));
    grams.push(...gramsWithin(word));
  }
}

/** The digits at the end of a number that all ways to write it share. */
function commonPartOf(digits: string): string {
  const stripped = digits.replace(/^0+/, '');
  if (stripped.length < NUMBER_DIGITS) return digits;
  const spellings = [stripped, ...otherSpellings(stripped)];
  const national = spellings.map((number) => parsePhoneNumberFromString(`+${number}`)?.nationalNumber ?? number);
  const common = national.reduce(commonEnd);
  return common.length < NUMBER_DIGITS ? stripped : common;
}

function commonEnd(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one.at(-1 - length) === other.at(-1 - length)) length += 1;
  return length === 0 ? '' : one.slice(-length);
}
