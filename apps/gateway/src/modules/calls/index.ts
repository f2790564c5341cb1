export { type CallsService, createCallsService } from './calls.service.ts';
