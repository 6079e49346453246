/** Every key that members of sealed rooms draw or derive, as they use them, for tests that look where those may not be. */
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { CryptoPort, FillRandom } from '../../client/src/e2ee/crypto-port.ts';
import { SealedChannel } from '../../client/src/e2ee/sealed-channel.ts';
import { inlineEngines } from '../../client/src/engine/inline-engine.ts';
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import { nodePlatform, openNodeSocket } from '../../client/src/node/platform.ts';
import type { Platform } from '../../client/src/platform.ts';
import type { Secret } from './leak-search.ts';

/** What is drawn in so many bytes is a secret; nonces and idempotency keys are shorter. */
const SECRET_BYTES = 32;
const FRAME_KEY = 'SFrame 1.0 Secret key ';

/** What HKDF makes, by the label it is given. The longer labels first. */
const DERIVED = [
  ['AR1 hello mac', 'k_mac'],
  ['AR1 pair psk', 'k_psk'],
  ['AR1 pair', 'pair key'],
  ['AR1 move', 'key of an invitation'],
  [FRAME_KEY, 'frame key'],
  ['SFrame 1.0 Secret salt ', 'frame salt'],
  ['SFrame 1.0 Ratchet', 'base key'],
] as const;

type Derived = (typeof DERIVED)[number][1];
/** `random`: drawn, and nothing more is known of it (the X25519 secrets). `extracted`: what HKDF makes of a secret first. */
type Kind = Derived | 'random' | 'identity seed' | 'link secret' | 'shared secret' | 'extracted';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ZEROS = hexOf(new Uint8Array(32));

export class KeyWatch {
  /** Generations of which frames were sealed or opened. */
  readonly generations = new Set<number>();
  /** The MACs of the HELLOs that were said and checked: everybody may see them. */
  readonly hellos: Secret[] = [];
  /** Kinds by the secret itself, in hexadecimal. */
  readonly #kinds = new Map<string, Kind>();

  /** All that was seen so far, each once. */
  get secrets(): Secret[] {
    return [...this.#kinds].map(([hex, name]) => ({ name, bytes: Buffer.from(hex, 'hex') }));
  }

  /** How many there are of a kind. */
  count(kind: Kind): number {
    return [...this.#kinds.values()].filter((other) => other === kind).length;
  }

  /** Node, watched: for all members that are to be. */
  platform(): Platform {
    const clock = (): number => performance.now();
    return {
      ...nodePlatform,
      fillRandom: this.#fill,
      openEngine: inlineEngines({
        openSocket: openNodeSocket,
        openChannel: (sealing, events) =>
          SealedChannel.create({ ...sealing, crypto: this.#crypto, fill: this.#fill, clock }, events),
        clock,
      }),
    };
  }

  readonly #fill: FillRandom = (bytes) => {
    nodePlatform.fillRandom(bytes);
    if (bytes.length >= SECRET_BYTES) this.#keep('random', bytes);
  };

  readonly #crypto: CryptoPort = {
    ...nodeCrypto,
    hmac: (hash, key, data) => {
      const derived = this.#derivation(data);
      const is_mac = this.#kinds.get(hexOf(key)) === 'k_mac';
      if (derived === undefined && !is_mac) this.#extraction(key, data);
      // The port of Node gives it at once.
      const output = nodeCrypto.hmac(hash, key, data) as Bytes;
      if (is_mac) this.hellos.push({ name: 'MAC of a HELLO', bytes: output.slice() });
      else this.#keep(derived ?? 'extracted', output);
      return output;
    },
    aesGcm: (key) => {
      this.#keep('frame key', key);
      return nodeCrypto.aesGcm(key);
    },
    signer: (seed) => {
      this.#keep('identity seed', seed);
      return nodeCrypto.signer(seed);
    },
  };

  /** What comes of the data of an HMAC, if it is an expansion of HKDF. */
  #derivation(data: Bytes): Derived | undefined {
    const text = Buffer.from(data).toString('latin1');
    const [label, kind] = DERIVED.find(([prefix]) => text.startsWith(prefix)) ?? [];
    if (label === FRAME_KEY) {
      const kid = Buffer.from(data).readBigUInt64BE(label.length);
      this.generations.add(Number(kid >> 7n));
    }
    return kind;
  }

  /** The data of an HMAC that is an extraction of HKDF is a secret, too: which, the salt tells. */
  #extraction(salt: Bytes, secret: Bytes): void {
    if (hexOf(salt) === ZEROS) this.#keep('base key', secret);
    else this.#keep(this.#kinds.get(hexOf(salt)) === 'k_psk' ? 'shared secret' : 'link secret', secret);
  }

  #keep(kind: Kind, bytes: Uint8Array): void {
    // What was overwritten is no secret any more.
    if (bytes.some((byte) => byte !== 0)) this.#kinds.set(hexOf(bytes), kind);
  }
}
