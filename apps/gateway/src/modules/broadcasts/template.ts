import { kindOf, LIMITS, type OutboundRequest } from '@wa-gate/contracts';

/** `{{name}}`, or `{{name|friend}}` with what stands there when there is no value. */
const PLACE = /\{\{\s*([^\s{}|][^{}|]{0,99}?)\s*(?:\|([^{}]{0,500}))?\}\}/g;

/** Values by the names of variables, as {@link variableName} writes them. */
export type Values = Readonly<Record<string, string>>;

/** A name as it is compared: `First name`, `first_name` and `FIRST NAME` are one. */
export const variableName = (name: string): string =>
  name
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '_');

/** All texts of a request that people see. What stands about its files is none of them. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change)) as T;
  if (typeof value !== 'object' || value === null || 'storageKey' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)])) as T;
}

/** The variables in the texts of a request, each once. */
export function variablesOf(request: unknown): string[] {
  const found = new Set<string>();
  mapTexts(request, (text) => {
    for (const [, name] of text.matchAll(PLACE)) found.add(variableName(name!));
    return text;
  });
  return [...found].sort();
}

/** A request for one person. */
export interface Rendered {
  request: OutboundRequest;
  /** Variables without a value and without a fall-back. */
  missing: string[];
  /** Why it cannot be sent like this. */
  refusal: string | undefined;
}

/** Puts values into the texts of a request. A value is text, whatever it looks like: braces in it mean nothing. */
export function render(template: OutboundRequest, values: Values): Rendered {
  const missing = new Set<string>();
  const { type, ...fields } = template;
  const filled = mapTexts(fields, (text) =>
    text.replace(PLACE, (_place, given: string, fallback: string | undefined) => {
      const name = variableName(given);
      const value = Object.hasOwn(values, name) ? values[name]!.trim() : '';
      if (value !== '') return value;
      if (fallback === undefined) missing.add(name);
      return fallback?.trim() ?? '';
    }),
  );
  const request = { type, ...filled } as OutboundRequest;
  return { request, missing: [...missing], refusal: refusalOf(request) };
}

function refusalOf(request: OutboundRequest): string | undefined {
  if (request.type === 'text') {
    if (request.text.trim() === '') return 'The text is empty with these values.';
    if (request.text.length > LIMITS.messageText) return `The text is longer than ${LIMITS.messageText} characters.`;
    return undefined;
  }
  const { caption } = request as { caption?: string };
  if (caption !== undefined && caption.length > LIMITS.caption)
    return `The caption is longer than ${LIMITS.caption} characters.`;
  const { type, context: _, ...fields } = request;
  return kindOf(type).refusal?.(fields as never);
}
