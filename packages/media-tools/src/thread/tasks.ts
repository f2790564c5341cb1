import type { Probe } from '../probe.ts';

/** What the thread does. Everything in here is data: it crosses the border of the thread. */
export interface MediaTasks {
  /** Reads the header of a container. `null` when the library knows no such container. */
  probe: { input: { path: string }; output: Probe | null };
  /** Decodes Ogg/Opus for its length and its waveform. */
  measureOpus: { input: { path: string }; output: Sound };
  /** Makes a voice note of PCM (WAV, AIFF) or of Opus in another container. */
  encodeOpus: { input: { path: string; out: string; source: 'pcm' | 'opus' }; output: Sound };
}

export type MediaTaskName = keyof MediaTasks;

/** What was heard of a sound. */
export interface Sound {
  /** Not rounded. */
  seconds: number;
  /** 64 values, 0 to 100. */
  waveform: Uint8Array;
}

export type MediaTask = { [N in MediaTaskName]: { name: N; input: MediaTasks[N]['input'] } }[MediaTaskName];

/** Why a task found no answer: the file (`unreadable`), or a defect of ours. */
export interface TaskFailure {
  isUnreadable: boolean;
  message: string;
}

export type TaskAnswer = { isLoaded: true } | { output: unknown } | { failure: TaskFailure };
