/** Where a text is no JSON, and what to do about it. */
export interface JsonFault {
  sentence: string;
  /** Of the first character that does not fit, from 1; absent where the text ends too early. */
  line?: number;
  column?: number;
}

const IN_A_STRING = {
  '\n': ['a raw line break', String.raw`\n`],
  '\r': ['a raw carriage return', String.raw`\r`],
  '\t': ['a raw tab', String.raw`\t`],
} as const;

const WITH_A_LIBRARY =
  'Make the body with a JSON library instead of putting text together: JSON.stringify in JavaScript, {{ JSON.stringify($json.text) }} in n8n.';

/**
 * What is wrong with a text that `JSON.parse` has refused. The sentence has the place and nothing of the text, which
 * may be private. V8 names the place in some of its messages only, in words that differ between versions.
 */
export function findJsonFault(text: string): JsonFault {
  const position = firstFaultIn(text);
  if (position >= text.length) {
    return { sentence: 'The body ends in the middle of its JSON. Send all of it, with a Content-Length that fits.' };
  }
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  const place = `line ${line}, column ${column}`;
  return { sentence: sentenceFor(text[position]!, isInString(before), place), line, column };
}

const BLANKS = /[ \t\n\r]*/y;
const STRING_WITHOUT_END = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** The index of the first character that does not fit the grammar of JSON; the length where more is missing. */
function firstFaultIn(text: string): number {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const take = (character: string): boolean => {
    skip(BLANKS);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const string = (): boolean => {
    skip(BLANKS);
    return skip(STRING_WITHOUT_END) && text[at] === '"' && ++at > 0;
  };
  /** A list of parts between two brackets. */
  const list = (end: string, part: () => boolean): boolean => {
    at += 1;
    if (take(end)) return true;
    do if (!part()) return false;
    while (take(','));
    return take(end);
  };
  const value = (): boolean => {
    skip(BLANKS);
    if (text[at] === '{') return list('}', () => string() && take(':') && value());
    if (text[at] === '[') return list(']', value);
    return text[at] === '"' ? string() : skip(SCALAR);
  };
  if (value()) skip(BLANKS);
  return at;
}

function sentenceFor(character: string, inString: boolean, place: string): string {
  if (inString && character < ' ') {
    const [what, written] = IN_A_STRING[character as keyof typeof IN_A_STRING] ?? [
      'a raw control character',
      String.raw`\u00XX`,
    ];
    return `A string of the body has ${what} (${place}). In JSON it is written as ${written}. ${WITH_A_LIBRARY}`;
  }
  if (inString) {
    return String.raw`A string of the body has a \ that begins no escape (${place}). In JSON it is written as \\. ${WITH_A_LIBRARY}`;
  }
  if (character === "'") return `The body is not valid JSON (${place}): strings and names are in double quotes.`;
  return `The body is not valid JSON (${place}): a comma, a bracket or a quote is missing or too much before it. ${WITH_A_LIBRARY}`;
}

/** Whether a string of the JSON is open at the end of this part. */
function isInString(before: string): boolean {
  let isOpen = false;
  for (let index = 0; index < before.length; index += 1) {
    if (isOpen && before[index] === '\\') index += 1;
    else if (before[index] === '"') isOpen = !isOpen;
  }
  return isOpen;
}
