/** All checks that hold on every platform, by what they are about. */
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import type { Check } from '../check.ts';
import { ED25519_CHECKS } from './ed25519.ts';
import { FRAME_CHECKS } from './frames.ts';
import { HELLO_CHECKS } from './hello.ts';
import { KEY_CHECKS } from './key-message.ts';
import { PLATFORM_CHECKS } from './platform.ts';
import { SFRAME_CHECKS } from './sframe.ts';

export const E2EE_CHECKS = {
  SFrame: SFRAME_CHECKS,
  'the platform': PLATFORM_CHECKS,
  Ed25519: ED25519_CHECKS,
  HELLO: HELLO_CHECKS,
  KEY: KEY_CHECKS,
  'sealed frames': FRAME_CHECKS,
} satisfies Record<string, Check<CryptoPort>[]>;
