// The library's face: what `import … from 'chargehand'` gives. docs/library.md shows it in use.

export type { HealthFlip, Observer } from './core/events.ts';
export type { End, SessionRecord } from './core/session-record.ts';
export type { BackendSnapshot, ServiceSnapshot } from './core/status.ts';
export { type ConfigSource, createLoadBalancer, type RunningLoadBalancer } from './create-load-balancer.ts';
export { ChargehandError, ConfigError, DialError, ListenError, type Problem } from './errors.ts';
