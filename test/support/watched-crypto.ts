/** Ports of the encryption whose work can be waited for, listened to and held up. */
import type { Awaitable } from '../../client/src/e2ee/awaitable.ts';
import { equalBytes } from '../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { CryptoPort, Signer, Verifier } from '../../client/src/e2ee/crypto-port.ts';
import { publicKeyOf } from '../../client/src/e2ee/ed25519.ts';
import { turn } from './turn.ts';

/** What is under way in all ports that were made of it. */
export class Work {
  #pending = 0;

  get isDone(): boolean {
    return this.#pending === 0;
  }

  of<T>(result: Awaitable<T>): Awaitable<T> {
    if (!(result instanceof Promise)) return result;
    this.#pending++;
    return result.finally(() => this.#pending--);
  }
}

/** How a call of a port is carried out. */
type Way = <T>(call: () => Awaitable<T>) => Awaitable<T>;

function through(port: CryptoPort, way: Way, opened: (plaintext: Bytes) => void): CryptoPort {
  const signer = (own: Signer): Signer => ({
    sign: (message) => way(() => own.sign(message)),
    erase: () => own.erase(),
  });
  const verifier = (own: Verifier): Verifier => ({
    verify: (message, signature) => way(() => own.verify(message, signature)),
  });
  const chained = <T, U>(value: Awaitable<T>, use: (value: T) => U): Awaitable<U> =>
    value instanceof Promise ? value.then(use) : use(value);
  const tell = (plaintext: Bytes | undefined): Bytes | undefined => {
    if (plaintext !== undefined) opened(plaintext);
    return plaintext;
  };
  return {
    sha256: (data) => way(() => port.sha256(data)),
    hmac: (hash, key, data) => way(() => port.hmac(hash, key, data)),
    pbkdf2: async (...args) => way(() => port.pbkdf2(...args)),
    aesGcm: (key) =>
      chained(
        way(() => port.aesGcm(key)),
        (own) => ({
          seal: (...args) => way(() => own.seal(...args)),
          open: (...args) =>
            chained(
              way(() => own.open(...args)),
              tell,
            ),
        }),
      ),
    signer: (seed) =>
      chained(
        way(() => port.signer(seed)),
        signer,
      ),
    verifier: (public_key) =>
      chained(
        way(() => port.verifier(public_key)),
        (own) => (own === undefined ? undefined : verifier(own)),
      ),
  };
}

/** `opened` is told every plaintext that the port has opened, whatever comes of it. */
export function watched(port: CryptoPort, work: Work, opened: (plaintext: Bytes) => void): CryptoPort {
  return through(port, (call) => work.of(call()), opened);
}

/** Each call takes up to `turns` turns of the event loop, so that others come between: `integer` says how many. */
export function heldUp(port: CryptoPort, turns: number, integer: (below: number) => number): CryptoPort {
  const way: Way = (call) => {
    const result = call();
    const wait = integer(turns + 1);
    if (wait === 0) return result;
    return (async () => {
      for (let i = 0; i < wait; i++) await turn();
      return result;
    })();
  };
  return through(port, way, () => undefined);
}

/** Opening takes so many turns of the event loop, and nothing else does. */
export function slowToOpen(port: CryptoPort, turns: number): CryptoPort {
  return {
    ...port,
    async aesGcm(key) {
      const own = await port.aesGcm(key);
      return {
        seal: (...args) => own.seal(...args),
        async open(...args) {
          const result = own.open(...args);
          for (let i = 0; i < turns; i++) await turn();
          return result;
        },
      };
    },
  };
}

/**
 * A port whose safety numbers and signatures cost little, where they only have to be alike or not: anybody could forge them.
 * Encryption and the agreement on keys are those of `port`.
 */
export function cheap(port: CryptoPort): CryptoPort {
  const mark = async (key: Bytes, message: Bytes): Promise<Bytes> => port.hmac('SHA-512', key, message);
  return {
    ...port,
    pbkdf2: async (password, salt, _, length) => (await mark(salt, password)).slice(0, length),
    signer(seed) {
      const public_key = publicKeyOf(seed);
      return { sign: (message) => port.hmac('SHA-512', public_key, message), erase: () => undefined };
    },
    verifier(public_key) {
      const key = public_key.slice();
      return { verify: async (message, signature) => equalBytes(signature, await mark(key, message)) };
    },
  };
}
