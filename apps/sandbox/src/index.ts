export { type Sandbox, type SandboxOptions, startSandbox } from './app.ts';
export { SpamDetector, type Verdict } from './spam/detector.ts';
