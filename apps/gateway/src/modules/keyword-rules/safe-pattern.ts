import { RE2JS } from 're2js';

/** A regular expression whose search takes time that grows with the text, whatever it is. */
export interface SafePattern {
  /** What the groups found in the first place that fits, the empty text where one found nothing; `null`: none fits. */
  find(text: string): string[] | null;
}

/**
 * Compiles by RE2: no expression of a customer can hold up the process, because there is no backtracking. Case does not
 * matter, `.` takes line breaks, and the four i of Turkish are told apart as Unicode does.
 *
 * @throws {Error} that says what is wrong
 */
export function compileSafely(source: string): SafePattern {
  const pattern = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL);
  return {
    find(text) {
      const matcher = pattern.matcher(text);
      if (!matcher.find()) return null;
      return Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1) ?? '');
    },
  };
}
