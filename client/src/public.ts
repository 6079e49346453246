/** What both entry points export, apart from the functions that create and join rooms. */
export { CLOSE } from '../../shared/protocol/close-codes.ts';
export type { CloseCode } from '../../shared/protocol/close-codes.ts';
export type { CongestionLevel, RelayLimits } from '../../shared/protocol/control.ts';
export { FRAME_CLASS } from '../../shared/protocol/frame.ts';
export type { FrameClass } from '../../shared/protocol/frame.ts';
export type { Fault, ProblemCode } from '../../shared/protocol/problem.ts';
export { AnteroomError } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export { parseLink } from './link.ts';
export type { LinkReading } from './link.ts';
export { fullJitter } from './reconnect.ts';
export type { FullJitterOptions } from './reconnect.ts';
export type * from './types.ts';
