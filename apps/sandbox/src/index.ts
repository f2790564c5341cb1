export { type Sandbox, type SandboxOptions, startSandbox } from './app.ts';
