import type { Probe } from '../probe.ts';

/** What has to be done with a video so that every phone plays it. */
export type VideoPlan = 'nothing' | 'remux' | 'transcode';

/** Profiles of H.264 with 8 bits and 4:2:0: baseline, main, extended, high. */
const PROFILES = new Set([0x42, 0x4d, 0x58, 0x64]);

/** Phones play H.264 with AAC, or without a sound, in MP4 or 3GP. */
export function planVideo(mimetype: string, { video, audio }: Probe): VideoPlan {
  const hasVideo = video?.codec === 'avc' && isCommonProfile(video.codecString);
  const hasAudio = audio === undefined || audio.codec === 'aac';
  if (!hasVideo || !hasAudio) return 'transcode';
  return mimetype === 'video/mp4' || mimetype === 'video/3gpp' ? 'nothing' : 'remux';
}

/** @param codecString `avc1.` and the profile, in hexadecimal digits; without it the codec is not known well enough */
function isCommonProfile(codecString: string | undefined): boolean {
  const [, profile] = /^avc[13]\.([0-9a-f]{2})/i.exec(codecString ?? '') ?? [];
  return profile !== undefined && PROFILES.has(Number.parseInt(profile, 16));
}

/** The codecs of a video in words, for a sentence. */
export function describeVideo(mimetype: string, { video, audio }: Probe): string {
  const codecs = [video?.codec, audio?.codec].map((codec) => (codec === 'avc' ? 'H.264' : codec));
  return `${codecs.filter((codec) => codec !== undefined).join(' and ')} in ${mimetype}`;
}
