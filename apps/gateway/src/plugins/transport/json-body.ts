import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { findJsonFault, type JsonFault } from './json-fault.ts';

/** No request of the API is nested deeper; deeper input could exhaust the stack of a recursive reader. */
const MAX_DEPTH = 32;

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Whether arrays and objects are nested deeper than this. Scans the text once, without parsing it. */
export function isDeeperThan(json: string, depth: number): boolean {
  let level = 0;
  for (let index = 0; index < json.length; index += 1) {
    switch (json.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(json, index);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        level += 1;
        if (level > depth) return true;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        level -= 1;
        break;
      default:
    }
  }
  return false;
}

/** Of the closing quote, or the end of the text where there is none. */
function endOfString(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE) return index;
  }
  return json.length;
}

/** Why it is no JSON; `null` where it is. */
function faultOf(body: string): JsonFault | null {
  try {
    JSON.parse(body);
    return null;
  } catch {
    return findJsonFault(body);
  }
}

type Done = (error: Error | null, value?: unknown) => void;

/**
 * The parser of JSON bodies. An empty body is accepted, because some clients always announce JSON. Refuses bodies that
 * are nested too deeply, and fields that would reach the prototype of the object (`__proto__`,
 * `constructor.prototype`).
 */
export function jsonParser(app: FastifyInstance): (request: FastifyRequest, body: string, done: Done) => void {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (request, body, done) => {
    if (body === '') return done(null, undefined);
    if (isDeeperThan(body, MAX_DEPTH)) {
      const message = `The body is nested too deeply: at most ${MAX_DEPTH} arrays and objects in each other are accepted.`;
      return done(new ApiError('INVALID_JSON', { message, details: { maxDepth: MAX_DEPTH } }));
    }
    void parse(request, body, (error, value) => {
      if (!error) return done(null, value);
      const fault = faultOf(body);
      if (fault) {
        const { sentence: message, ...details } = fault;
        return done(new ApiError('INVALID_JSON', { message, details }));
      }
      // It is JSON, and was refused for what it holds.
      const message =
        'The body has a field that is not accepted: `__proto__`, or `prototype` in a `constructor`. Take it out.';
      done(new ApiError('INVALID_JSON', { message }));
    });
  };
}

/** Parses JSON; every other content type is 415. */
export function acceptJsonOnly(app: FastifyInstance): void {
  const parse = jsonParser(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    parse(request, body as string, done),
  );
}
