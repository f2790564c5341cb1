/** SQL: a row of `media` as the schema `Media` of contracts has it. */
export const shownMedia = (media: string): string => `jsonb_strip_nulls(jsonb_build_object('mediaId', ${media}.id,
    'status', ${media}.status, 'mimetype', ${media}.mimetype, 'size', ${media}.size, 'fileName', ${media}.file_name,
    'error', CASE WHEN ${media}.error_code IS NOT NULL
      THEN jsonb_build_object('code', ${media}.error_code, 'message', coalesce(${media}.error_message, '')) END))
    || coalesce(${media}.facts, '{}')`;
