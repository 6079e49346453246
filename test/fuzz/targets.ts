import type { Target } from './target.ts';
import { controlTarget } from './targets/control.ts';
import { frameReaderTarget } from './targets/frame-reader.ts';
import { framesTarget } from './targets/frames.ts';
import { handshakeTarget } from './targets/handshake.ts';
import { lanesTarget } from './targets/lanes.ts';
import { routerHttpTarget } from './targets/router-http.ts';
import { taskHttpTarget } from './targets/task-http.ts';
import { websocketTarget } from './targets/websocket.ts';

/** Everything that is fuzzed, in the order of the turns. */
export const TARGETS: readonly Target[] = [
  handshakeTarget,
  websocketTarget,
  frameReaderTarget,
  framesTarget,
  lanesTarget,
  controlTarget,
  taskHttpTarget,
  routerHttpTarget,
];
