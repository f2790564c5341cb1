/** What a check has found. */
export interface Finding {
  /** What was looked at. */
  check: string;
  state: 'ok' | 'warning' | 'problem' | 'skipped';
  /** What is there. */
  found: string;
  /** What to do; of warnings and problems. */
  advice?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });
export const skipped = (check: string, found: string): Finding => ({ check, state: 'skipped', found });
export const warning = (check: string, found: string, advice: string): Finding => ({
  check,
  state: 'warning',
  found,
  advice,
});
export const problem = (check: string, found: string, advice: string): Finding => ({
  check,
  state: 'problem',
  found,
  advice,
});
