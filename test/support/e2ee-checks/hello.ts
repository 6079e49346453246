/** HELLO as the design has it, and everything that must be refused. */
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { HELLO_BYTES, NO_ECHO, readHello, writeHello } from '../../../client/src/e2ee/hello.ts';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import type { LinkKeys } from '../../../client/src/e2ee/link.ts';
import { assertSame, assertThat } from '../check.ts';
import type { Check } from '../check.ts';
import { hex, seededFill, tampered } from '../e2ee.ts';

const FIELDS = { slot: 0xabcd, nonce: new Uint8Array(16).fill(2), echo: new Uint8Array(16).fill(3) };
const LABEL = utf8('AR1 hello');

interface Scene {
  port: CryptoPort;
  link: LinkKeys;
  ann: Identity;
  /** Ann's. */
  hello: Bytes;
}

const linkOf = (port: CryptoPort, room_id = '00157', secret = 1): Promise<LinkKeys> =>
  linkKeys(port, room_id, new Uint8Array(32).fill(secret));

async function scene(port: CryptoPort): Promise<Scene> {
  const link = await linkOf(port);
  const ann = await Identity.create(port, seededFill(1));
  return { port, link, ann, hello: await writeHello(port, link, ann, FIELDS) };
}

/** What a member with the link can do: make the MAC of any 166 bytes, and sign any 102 as itself. */
async function mac({ port }: Scene, bytes: Bytes, keys: LinkKeys): Promise<Bytes> {
  return concat(bytes, await port.hmac('SHA-256', keys.k_mac, concat(LABEL, keys.room, bytes)));
}
async function seal(at: Scene, bytes: Bytes, by: Identity = at.ann): Promise<Bytes> {
  const signature = await by.signer.sign(concat(LABEL, at.link.room, bytes));
  return mac(at, concat(bytes, signature), at.link);
}

async function reason({ port, link }: Scene, bytes: Bytes, keys: LinkKeys = link): Promise<string> {
  const reading = await readHello(port, keys, bytes);
  return reading.kind === 'refused' ? reading.reason : reading.kind;
}

export const HELLO_CHECKS: Check<CryptoPort>[] = [
  {
    name: 'has the layout of the design, and is read back',
    async run(port) {
      const at = await scene(port);
      const { ann, hello } = at;
      assertSame(hello.length, HELLO_BYTES, 'its length');
      const start = `01010004abcd${'02'.repeat(16)}${hex(ann.id_pk)}${hex(ann.box_pk)}${'03'.repeat(16)}`;
      assertSame(hex(hello.subarray(0, 102)), start, 'its first 102 bytes');
      assertSame(hello, await seal(at, hello.slice(0, 102)), 'signature and MAC');
      const id = (await port.sha256(ann.id_pk)).slice(0, 16);
      assertSame(ann.id, id, 'id');
      const reading = await readHello(port, at.link, hello);
      assertThat(reading.kind === 'hello', 'it is refused');
      const { verifier, ...read } = (reading as typeof reading & { kind: 'hello' }).hello;
      assertSame(read, { ...FIELDS, id, id_pk: ann.id_pk, box_pk: ann.box_pk }, 'what is read');
      assertThat(await verifier.verify(id, await ann.signer.sign(id)), 'the verifier is not that of the key');
    },
  },
  {
    name: 'is refused with any bit turned',
    async run(port) {
      const at = await scene(port);
      for (const { at: byte, bytes } of tampered(at.hello)) {
        assertSame(await reason(at, bytes), byte < 4 ? 'malformed' : 'mac', `reason for byte ${byte}`);
      }
    },
  },
  {
    name: 'is refused in every byte by the signature alone, where a member made the MAC anew',
    async run(port) {
      const at = await scene(port);
      for (const { at: byte, bytes } of tampered(at.hello, 4, 166)) {
        const why = await reason(at, await mac(at, bytes.slice(0, 166), at.link));
        assertThat(why === 'signature' || why === 'key', `with byte ${byte} turned it is: ${why}`);
      }
    },
  },
  {
    name: 'is refused where a member put its own key in, and another signed',
    async run(port) {
      const at = await scene(port);
      const eve = await Identity.create(port, seededFill(2));
      assertSame(await reason(at, await seal(at, at.hello.slice(0, 102), eve)), 'signature', 'reason');
    },
  },
  {
    name: 'is refused in another room, and without the link',
    async run(port) {
      const at = await scene(port);
      const other = await linkOf(port, '00158');
      assertSame(await reason(at, at.hello, other), 'mac', 'reason in another room');
      assertSame(
        await reason(at, at.hello, { ...at.link, room: other.room }),
        'mac',
        'reason by the room alone',
      );
      const outsider = await linkOf(port, '00157', 2);
      const forged = await writeHello(port, outsider, at.ann, FIELDS);
      assertSame(await reason(at, forged), 'mac', 'reason for an outsider');
      const moved = await mac(at, at.hello.slice(0, 166), other);
      assertSame(await reason(at, moved, other), 'signature', 'reason where the MAC is made anew');
    },
  },
  {
    name: 'is refused with a box key of low order, or an identity key of small order, by whoever it is signed',
    async run(port) {
      const at = await scene(port);
      const start = (await writeHello(port, at.link, at.ann, { ...FIELDS, echo: NO_ECHO })).slice(0, 102);
      assertSame(await reason(at, await seal(at, start.slice().fill(0, 54, 86))), 'key', 'reason for boxPk');
      const low_id = start.slice().fill(0, 22, 54).with(22, 1);
      assertSame(await reason(at, await seal(at, low_id)), 'key', 'reason for idPk');
    },
  },
  {
    name: 'is refused in another version, suite or length, also where it is signed',
    async run(port) {
      const at = await scene(port);
      for (const [byte, value] of [
        [0, 2],
        [1, 2],
        [2, 1],
        [3, 5],
      ] as const) {
        const other = await seal(at, at.hello.slice(0, 102).with(byte, value));
        assertSame(await reason(at, other), 'malformed', `reason for byte ${byte}`);
      }
      assertSame(await reason(at, at.hello.slice(0, 197)), 'malformed', 'reason for a byte less');
      assertSame(await reason(at, concat(at.hello, Uint8Array.of(0))), 'malformed', 'reason for a byte more');
    },
  },
];
