/** What the header of a sound or a video says. */
export interface Probe {
  /** Of the longest track. 0 when the file does not say. */
  seconds: number;
  video?: VideoTrack;
  audio?: AudioTrack;
  /** Whether the bytes of the last samples are there: a file that was cut off says more than it has. */
  isWhole: boolean;
}

export interface VideoTrack {
  /** `avc`, `hevc`, `vp9`, … ; `unknown` for others. */
  codec: string;
  /** With profile and level, for example `avc1.64001f`. */
  codecString?: string;
  /** As it is shown: rotated, with square pixels. */
  width: number;
  height: number;
}

export interface AudioTrack {
  /** `aac`, `opus`, `mp3`, `pcm-s16`, … ; `unknown` for others. */
  codec: string;
  channels: number;
  /** Hz. */
  sampleRate: number;
}
