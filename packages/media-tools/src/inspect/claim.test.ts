import { describe, expect, it } from 'vitest';
import { contradictionOf } from './claim.ts';

describe('what a caller says of a file', () => {
  it.each([
    ['image/jpeg', { fileName: 'photo.JPG' }],
    ['image/jpeg', { mimetype: 'image/jpg' }],
    ['audio/mpeg', { fileName: 'song.mp3', mimetype: 'audio/mp3' }],
    ['audio/wav', { mimetype: 'audio/x-wav' }],
    ['audio/ogg; codecs=opus', { fileName: 'note.ogg', mimetype: 'audio/ogg; codecs=opus' }],
    ['audio/ogg; codecs=opus', { fileName: 'note.opus' }],
    ['audio/mp4', { fileName: 'sound.mp4' }],
    ['video/quicktime', { fileName: 'clip.mp4' }],
    ['video/webm', { fileName: 'clip.mkv' }],
    ['application/pdf', { mimetype: 'application/octet-stream' }],
    ['text/plain', { fileName: 'main.ts' }],
    ['text/plain', { fileName: 'data.xml', mimetype: 'application/xml' }],
    ['text/plain', { fileName: 'table.xls' }],
    ['application/octet-stream', { fileName: 'model.blob' }],
    ['application/zip', { fileName: 'archive' }],
    ['video/mp2t', { fileName: 'stream.ts' }],
    ['image/png', {}],
  ])('%s can be %j', (found, named) => {
    expect(contradictionOf(found, named)).toBeUndefined();
  });

  it.each([
    ['image/png', { fileName: 'photo.jpg' }, /file name ends in \.jpg, but the bytes of the file are image\/png/],
    ['application/x-msdownload', { fileName: 'invoice.pdf' }, /\.pdf, but the bytes .* application\/x-msdownload/],
    ['image/png', { fileName: 'notes.txt' }, /\.txt/],
    ['application/octet-stream', { fileName: 'photo.png' }, /\.png/],
    ['text/plain', { fileName: 'photo.png' }, /\.png/],
    [
      'application/pdf',
      { mimetype: 'image/png' },
      /`mimetype` says image\/png, but the bytes of the file are application\/pdf/,
    ],
    ['audio/mpeg', { mimetype: 'audio/ogg; codecs=opus' }, /`mimetype` says audio\/ogg/],
    ['video/mp4', { fileName: 'a.pdf', mimetype: 'video/mp4' }, /file name/],
  ])('%s cannot be %j (MR-157)', (found, named, sentence) => {
    expect(contradictionOf(found, named)).toMatch(sentence);
  });
});
