export { createSinkClient } from './sink-client.ts';
export { createSinkTransport } from './sink-transport.ts';
export { createTestPublish } from './test-publish.ts';
