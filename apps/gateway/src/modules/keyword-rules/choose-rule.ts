import type { ConsentSettings } from '@wa-gate/contracts';
import { isWithinHours } from '@wa-gate/messaging';
import { render } from '../broadcasts/index.ts';
import { fold, foldWords } from './fold.ts';
import { findMatch, type Match } from './match-rule.ts';
import type { RuleRow } from './rule-rows.ts';

/** A message as rules see it. */
export interface Heard {
  text: string;
  isGroup: boolean;
  /** Internal id. */
  sessionId: string | null;
  at: Date;
}

/** Whether a message is one of the words by which people leave or come back: all of it, and nothing else. */
export function consentOf(settings: ConsentSettings, { text, isGroup }: Heard): 'out' | 'in' | null {
  if (!settings.isActive || isGroup) return null;
  const said = new Set([foldWords(text), fold(text)]);
  const isOne = (keywords: readonly string[]): boolean =>
    keywords.some((keyword) => said.has(foldWords(keyword) || fold(keyword)));
  if (isOne(settings.optOutKeywords)) return 'out';
  return isOne(settings.optInKeywords) ? 'in' : null;
}

/** Why a rule whose pattern fits does not hold for a message; `undefined`: it does. */
export function obstacleOf(rule: RuleRow, { isGroup, sessionId, at }: Heard): string | undefined {
  if (isGroup && !rule.inGroups) return 'It is not for groups.';
  if (rule.sessionIds.length > 0 && sessionId !== null && !rule.sessionIds.includes(sessionId))
    return 'It is for other sessions.';
  if (!isWithinHours(rule.hours, at)) return 'It is outside of its hours.';
  return undefined;
}

/** The rule that fires: the first that fits and holds. */
export function chooseRule(rules: readonly RuleRow[], heard: Heard): { rule: RuleRow; found: Match } | undefined {
  for (const rule of rules) {
    if (obstacleOf(rule, heard) !== undefined) continue;
    const found = findMatch(rule, heard.text);
    if (found) return { rule, found };
  }
  return undefined;
}

/** The answer of a rule to a message. What has no value and no fall-back is left out. */
export function answerOf(
  { action: { reply } }: Pick<RuleRow, 'action'>,
  { keyword, groups }: Match,
  who: { text: string; name: string | null; number: string | null },
) {
  if (!reply) return undefined;
  const values = {
    ...Object.fromEntries(groups.map((group, index) => [String(index + 1), group])),
    keyword,
    text: who.text.slice(0, 500),
    name: who.name ?? '',
    number: who.number ?? '',
  };
  const { request, refusal } = render(reply, values);
  return refusal === undefined ? request : undefined;
}
