/** The projects of vitest in which tests run that need no system of processes. */

/**
 * The variable that makes one project, `both`, of `unit` and `integration`. Each project has processes of its own, which
 * load the modules anew: a twentieth of the processor time of all tests. The projects apart are for who names one.
 */
export const UNIT_WITH_INTEGRATION = 'WAG_TESTS_UNIT_WITH_INTEGRATION';

/** The name comes before `sandbox`: vitest runs projects by name, and the longest files, which begin, are in this one. */
export const BOTH = 'both';

/**
 * @param {readonly string[]} vitestArguments
 * @returns {NodeJS.ProcessEnv} what the run needs beside them
 */
export const projectsOf = (vitestArguments) =>
  vitestArguments.some((argument) => argument.startsWith('--project')) ? {} : { [UNIT_WITH_INTEGRATION]: '1' };
