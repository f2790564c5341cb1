export { createSandboxControl, type SandboxControl } from './sandbox-control.ts';
