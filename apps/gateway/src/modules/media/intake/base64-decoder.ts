import { Transform } from 'node:stream';

/** The text is no base64. */
export class NotBase64Error extends Error {
  override name = 'NotBase64Error';
}

const SCHEME = 'data:';
const DATA_URL = /^data:[^,]*;base64,/i;
/** Longer than the beginning of any data URL. */
const PREFIX_CHARACTERS = 300;
const FOREIGN = /[^A-Za-z0-9+/_-]/;

/**
 * Decodes base64 that comes in pieces of text: of either alphabet, with or without padding and line breaks, and with
 * the beginning of a data URL (`data:image/png;base64,`).
 */
export function createBase64Decoder(): Transform {
  let isBegun = false;
  let isPadded = false;
  /** Characters that are no whole group of four yet. */
  let rest = '';

  function decode(text: string): Buffer {
    const bare = text.replace(/[\r\n\t ]+/g, '');
    if (bare === '') return Buffer.alloc(0);
    const unpadded = bare.replace(/=+$/, '');
    if (FOREIGN.test(unpadded) || (isPadded && unpadded !== '')) throw new NotBase64Error();
    isPadded ||= unpadded.length < bare.length;
    const all = rest + unpadded;
    const whole = all.length - (all.length % 4);
    rest = all.slice(whole);
    return Buffer.from(all.slice(0, whole), 'base64');
  }

  /** Whether more has to come before it is clear whether this is a data URL, and where its data begins. */
  const mayBeDataUrl = (text: string): boolean =>
    text.length < PREFIX_CHARACTERS && !text.includes(',') && (SCHEME.startsWith(text) || text.startsWith(SCHEME));

  function begin(): Buffer {
    const text = rest.replace(DATA_URL, '');
    rest = '';
    isBegun = true;
    return decode(text);
  }

  return new Transform({
    decodeStrings: false,
    transform(chunk: string | Buffer, _encoding, done) {
      try {
        if (isBegun) return done(null, decode(chunk.toString()));
        rest += chunk.toString();
        if (mayBeDataUrl(rest)) return done();
        done(null, begin());
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        const first = isBegun ? Buffer.alloc(0) : begin();
        // One character alone holds six bits of a byte.
        if (rest.length === 1) throw new NotBase64Error();
        done(null, Buffer.concat([first, Buffer.from(rest, 'base64')]));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
