import { type Static, Type } from 'typebox';

/** Environment variables of a process that converts media. */
export const MEDIA_TOOLS_ENVIRONMENT = {
  FFMPEG_DIR: Type.Optional(
    Type.String({ description: 'Folder of `ffmpeg` and `ffprobe`; without it those on PATH, if any.' }),
  ),
  MEDIA_CONVERSIONS: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 2,
    description: 'Conversions at once; others wait.',
  }),
  MEDIA_CONVERSION_TIMEOUT_SECONDS: Type.Integer({
    minimum: 5,
    maximum: 3600,
    default: 120,
    description: 'Time of one conversion; then the file is refused.',
  }),
  MEDIA_CONVERSION_MEMORY_MB: Type.Integer({
    minimum: 256,
    maximum: 65_536,
    default: 2048,
    description: 'Address space of one process of ffmpeg.',
  }),
};

const EnvironmentSchema = Type.Object(MEDIA_TOOLS_ENVIRONMENT);
export type MediaToolsEnvironment = Static<typeof EnvironmentSchema>;
