/** One thing that is wrong with a request. */
export interface Issue {
  /** Where, such as `body.webhook.url`. */
  path: string;
  message: string;
}

interface RawIssue {
  keyword?: string;
  instancePath?: string;
  message?: string;
  params?: Record<string, unknown>;
}

const MAX_ISSUES = 10;
const IN_SENTENCE = 3;

const names = (value: unknown): string => (Array.isArray(value) ? value.map((name) => `\`${name}\``).join(', ') : '');

function explain({ keyword, message = 'is not valid', params = {} }: RawIssue): string {
  switch (keyword) {
    case 'required':
      return `needs ${names(params.requiredProperties)}`;
    case 'additionalProperties':
      return `does not know ${names(params.additionalProperties)}`;
    case 'enum':
      return `must be one of ${names(params.allowedValues)}`;
    default:
      return message;
  }
}

/** The validator's findings in our words. */
export function readIssues(found: readonly RawIssue[], context: string): Issue[] {
  // `additionalProperties` comes with one `boolean` for each property; the first says it all.
  const telling = found.filter(({ keyword }) => keyword !== 'boolean');
  return telling.slice(0, MAX_ISSUES).map((issue) => ({
    path: `${context}${(issue.instancePath ?? '').replaceAll('/', '.')}`,
    message: explain(issue),
  }));
}

/** The sentence for people. */
export function summarise(issues: readonly Issue[]): string {
  const shown = issues.slice(0, IN_SENTENCE).map(({ path, message }) => `${path} ${message}`);
  return `The request is not valid: ${shown.join('; ')}.`;
}
