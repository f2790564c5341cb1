export { hitOf } from './hit.ts';
