/** The projects of vitest in which tests run that need no system of processes. */

/**
 * The variable that makes one project, `both`, of `unit` and `integration`. Each project has processes of its own,
 * which load the modules anew. The projects apart are for who names one.
 */
export const UNIT_WITH_INTEGRATION = 'WAG_TESTS_UNIT_WITH_INTEGRATION';

/** Vitest runs projects by name. The longest files begin, which are in this one: it comes before `sandbox`. */
export const BOTH = 'both';

/**
 * @param {readonly string[]} vitestArguments
 * @returns {NodeJS.ProcessEnv} what the run needs beside them
 */
export const projectsOf = (vitestArguments) =>
  vitestArguments.some((argument) => argument.startsWith('--project')) ? {} : { [UNIT_WITH_INTEGRATION]: '1' };
