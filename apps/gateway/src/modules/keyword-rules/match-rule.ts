import { RULE_LIMITS, type RuleHours, type RuleMatch } from '@wa-gate/contracts';
import { isTimeZone } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import { ApiError } from '../../http/api-error.ts';
import { fold, foldWords } from './fold.ts';
import { compileSafely, type SafePattern } from './safe-pattern.ts';

/** What of a rule decides whether it fits. */
export interface Matching {
  match: RuleMatch;
  patterns: readonly string[];
}

/** What fits. */
export interface Match {
  /** The pattern, as it was written. */
  keyword: string;
  /** Of a regular expression: what its groups found. */
  groups: string[];
}

/** Letters between which there is no end of a word. Scripts without blanks between words are left out. */
const LETTER = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{M}\p{N}]/u;

const isLetter = (character: string | undefined): boolean => character !== undefined && LETTER.test(character);

/** Whether the words begin and end with words of the text: `hi` is not in `this`. */
function holds(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const end = at + words.length;
    const beginsInside = isLetter(text[at - 1]) && isLetter(words[0]);
    const endsInside = isLetter(text[end]) && isLetter(words.at(-1));
    if (!beginsInside && !endsInside) return true;
  }
  return false;
}

/** The first of the patterns that fits a text; `undefined`: none does. */
export function findMatch({ match, patterns }: Matching, given: string): Match | undefined {
  const text = given.slice(0, RULE_LIMITS.text);
  const folded = fold(text);
  const words = foldWords(text);
  for (const keyword of patterns) {
    if (match === 'regex') {
      const pattern = patternOf(keyword);
      const groups = pattern.find(text) ?? pattern.find(folded);
      if (groups) return { keyword, groups };
      continue;
    }
    const wanted = foldWords(keyword) || fold(keyword);
    if (wanted === '') continue;
    const fits =
      match === 'exact'
        ? words === wanted || folded === wanted
        : match === 'contains'
          ? holds(folded, wanted)
          : startsWith(folded, wanted) || startsWith(words, wanted);
    if (fits) return { keyword, groups: [] };
  }
  return undefined;
}

const startsWith = (text: string, words: string): boolean =>
  text.startsWith(words) && !(isLetter(text[words.length]) && isLetter(words.at(-1)));

/** Compiling is a hundred times the work of comparing. */
const patterns = new LRUCache<string, SafePattern>({ max: 2_000 });

function patternOf(source: string): SafePattern {
  const known = patterns.get(source);
  if (known) return known;
  const compiled = compileSafely(source);
  patterns.set(source, compiled);
  return compiled;
}

/** @throws {ApiError} VALIDATION for a regular expression that is none, or needs what a safe engine has not */
export function assertPatterns({ match, patterns: given }: Matching): void {
  if (match !== 'regex') return;
  for (const [index, source] of given.entries()) {
    try {
      patternOf(source);
    } catch (error) {
      throw new ApiError('VALIDATION', {
        message: `\`patterns[${index}]\` is no regular expression of RE2: ${(error as Error).message.replace(/\.?$/, '.')} It has no look-around and no back-references.`,
      });
    }
  }
}

/** @throws {ApiError} VALIDATION for a zone that there is not */
export function assertHours(hours: RuleHours | null): void {
  if (!hours || isTimeZone(hours.zone)) return;
  throw new ApiError('VALIDATION', {
    message: `\`hours.zone\`: there is no time zone \`${hours.zone}\`. Use a name such as Asia/Jakarta.`,
  });
}
