import { describe, expect, it } from 'vitest';
import { picture } from '../testing/pictures.ts';
import { wav } from '../testing/sounds.ts';
import { useMediaTools } from '../testing/use-media-tools.ts';

const media = useMediaTools();

/** A ZIP with these entries, each empty. */
function zip(...names: string[]): Buffer {
  const locals = names.map((name) => {
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(name.length, 26);
    return Buffer.concat([head, Buffer.from(name)]);
  });
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  return Buffer.concat([...locals, end]);
}

/** The header of Microsoft's compound files, which says nothing of the program. */
const COMPOUND = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(1024)]);
const m4a = Buffer.from('00000018667479704d344120000000004d34412069736f6d', 'hex');

async function typeOf(name: string, content: Buffer | string): Promise<string> {
  const path = await media.file('file', content);
  return (await media.tools.inspect(path, { fileName: name })).mimetype;
}

describe('the type of a file', () => {
  it.each<[string, string, Buffer | string]>([
    ['signed.apk', 'application/vnd.android.package-archive', zip('META-INF/MANIFEST.MF', 'classes.dex')],
    ['library.jar', 'application/java-archive', zip('META-INF/MANIFEST.MF')],
    ['sticker.was', 'application/was', zip('animation/animation.json')],
    ['archive.zip', 'application/zip', zip('a.txt')],
    ['letter.doc', 'application/msword', COMPOUND],
    ['table.XLS', 'application/vnd.ms-excel', COMPOUND],
    ['slides.ppt', 'application/vnd.ms-powerpoint', COMPOUND],
    ['unknown.cfb', 'application/x-cfb', COMPOUND],
    ['song.m4a', 'audio/mp4', m4a],
    ['late.pdf', 'application/pdf', `${'\n'.repeat(300)}%PDF-1.4\n%âãÏÓ`],
    ['card.vcf', 'text/vcard', 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n'],
    ['day.ics', 'text/calendar', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n'],
    ['table.csv', 'text/csv', 'name;city\nÅsa;Malmö\n'],
    ['data.json', 'application/json', '{"a": 1}'],
    ['page.html', 'text/html', '<p>hello</p>'],
    ['main.ts', 'text/plain', 'const one = 1;\n'],
    ['notes', 'text/plain', 'just words'],
    ['wide.txt', 'text/plain', Buffer.from('\ufeffwords', 'utf16le')],
    ['plan.dxf', 'image/vnd.dxf', Buffer.from([0, 1, 2, 3, 0xfe, 0xff])],
    ['bytes', 'application/octet-stream', Buffer.from([0, 1, 2, 3, 0xfe, 0xff])],
  ])('%s is %s', async (name, mimetype, content) => {
    expect(await typeOf(name, content)).toBe(mimetype);
  });

  it('is that of its bytes, whatever they are called without an ending', async () => {
    expect(await typeOf('photo', await picture().png().toBuffer())).toBe('image/png');
    expect(await typeOf('sound', wav({ seconds: 0.1 }))).toBe('audio/wav');
  });

  it.each([
    ['photo.png', 'words'],
    ['song.mp3', Buffer.from([0, 1, 2, 3])],
    ['letter.doc', Buffer.from([0, 1, 2, 3])],
    ['invoice.pdf', Buffer.from([0x4d, 0x5a, 0x90, 0x00, ...Array<number>(200).fill(0)])],
  ])('%s is not believed its name', async (name, content) => {
    const path = await media.file('file', content);
    const named = await media.tools.inspect(path, { fileName: name }).catch((error: { code: string }) => error.code);
    expect(typeof named === 'string' ? named : named.mimetype).toMatch(
      /^(MEDIA_TYPE_MISMATCH|application\/octet-stream)$/,
    );
  });
});
