import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { publicAddress, type AddressDeps } from '../../../stream-task/address.ts';
import { ecsAddress } from '../../../stream-task/ecs-address.ts';
import { ecsTask, metadataEndpoints } from '../../../stream-task/metadata.ts';
import { paperFleet, startTestAws } from '../../support/aws.ts';

const NOTHING_SAID = { PUBLIC_ADDRESS: undefined, PUBLIC_URL: undefined };
const NOWHERE = { ecs: undefined, instance: undefined };
const servers: Server[] = [];

/** A server that answers as `answer` says; its base URL. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function deps(given: Partial<AddressDeps> = {}): AddressDeps {
  return { region: 'local', endpoints: NOWHERE, ecs: undefined, ecsAddress, timeout: 2_000, ...given };
}

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** The instance metadata service, version 2, of an instance with this public address. */
function instanceMetadata(address: string | undefined): Promise<string> {
  return serve((request, response) => {
    if (request.method === 'PUT' && request.url === '/latest/api/token') {
      const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
      return response.writeHead(seconds >= 1 ? 200 : 400).end('a-token');
    }
    if (request.headers['x-aws-ec2-metadata-token'] !== 'a-token') return response.writeHead(401).end();
    const known = request.url === '/latest/meta-data/public-ipv4' && address !== undefined;
    return response.writeHead(known ? 200 : 404).end(known ? address : 'not found');
  });
}

describe('public address of a task', () => {
  it('is what the operator says, without a look at anything else', async () => {
    expect(
      await publicAddress({ PUBLIC_ADDRESS: '203.0.113.1', PUBLIC_URL: 'ws://203.0.113.2:1' }, deps()),
    ).toBe('203.0.113.1');
    expect(await publicAddress({ ...NOTHING_SAID, PUBLIC_URL: 'ws://203.0.113.2:1' }, deps())).toBe(
      '203.0.113.2',
    );
    expect(await publicAddress({ ...NOTHING_SAID, PUBLIC_URL: 'wss://[2001:db8::1]' }, deps())).toBe(
      '2001:db8::1',
    );
  });

  it('is that of the EC2 instance, by instance metadata version 2', async () => {
    const instance = await instanceMetadata('203.0.113.5');
    expect(await publicAddress(NOTHING_SAID, deps({ endpoints: { ecs: undefined, instance } }))).toBe(
      '203.0.113.5',
    );
    // A name says nothing about the address.
    expect(
      await publicAddress(
        { ...NOTHING_SAID, PUBLIC_URL: 'wss://task.example' },
        deps({ endpoints: { ecs: undefined, instance } }),
      ),
    ).toBe('203.0.113.5');
  });

  it('names the way out where there is none', async () => {
    const instance = await instanceMetadata(undefined);
    for (const endpoints of [NOWHERE, { ecs: undefined, instance }]) {
      await expect(publicAddress(NOTHING_SAID, deps({ endpoints }))).rejects.toThrow('PUBLIC_ADDRESS');
    }
  });

  it.each(['FARGATE', 'EC2'] as const)(
    'is found through the ECS task metadata on %s',
    async (launch_type) => {
      const fleet = paperFleet();
      const task = fleet.add({ launch_type });
      const { doubles } = await startTestAws({ fleet });
      try {
        for (const [name, value] of Object.entries(doubles.env)) vi.stubEnv(name, value);
        const endpoints = metadataEndpoints({
          ...doubles.env,
          ECS_CONTAINER_METADATA_URI_V4: doubles.metadataUri(task),
        });
        expect(endpoints.instance).toBeUndefined();
        const ecs = await ecsTask(endpoints, 2_000);
        expect(ecs?.task_arn).toContain(task.id);
        expect(await publicAddress(NOTHING_SAID, deps({ endpoints, ecs }))).toBe('127.0.0.1');
      } finally {
        await doubles.stop();
      }
    },
  );

  it('prefers the instance’s own word where a task uses the network of its host', async () => {
    const fleet = paperFleet();
    const task = fleet.add({ launch_type: 'EC2' });
    const { doubles } = await startTestAws({ fleet });
    try {
      for (const [name, value] of Object.entries(doubles.env)) vi.stubEnv(name, value);
      const endpoints = { ecs: doubles.metadataUri(task), instance: await instanceMetadata('203.0.113.5') };
      const ecs = await ecsTask(endpoints, 2_000);
      expect(await publicAddress(NOTHING_SAID, deps({ endpoints, ecs }))).toBe('203.0.113.5');
    } finally {
      await doubles.stop();
    }
  });

  it('says which network interface has no public address', async () => {
    let asked = new URLSearchParams();
    const base = await serve((request, response) => {
      void text(request).then((body) => {
        if (request.headers['x-amz-target'] === 'AmazonEC2ContainerServiceV20141113.DescribeTasks') {
          const details = [{ name: 'networkInterfaceId', value: 'eni-0123456789abcdef0' }];
          const attachments = [{ type: 'ElasticNetworkInterface', status: 'ATTACHED', details }];
          response
            .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
            .end(JSON.stringify({ tasks: [{ attachments }], failures: [] }));
        } else {
          asked = new URLSearchParams(body);
          response
            .writeHead(200, { 'content-type': 'text/xml' })
            .end(
              '<DescribeNetworkInterfacesResponse><networkInterfaceSet><item><networkInterfaceId>eni-0123456789abcdef0</networkInterfaceId></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>',
            );
        }
      });
    });
    for (const [name, value] of [
      ['AWS_ENDPOINT_URL_ECS', base],
      ['AWS_ENDPOINT_URL_EC2', base],
      ['AWS_ACCESS_KEY_ID', 'local'],
      ['AWS_SECRET_ACCESS_KEY', 'local'],
    ] as const) {
      vi.stubEnv(name, value);
    }
    const ecs = { cluster: 'c', task_arn: 'arn:aws:ecs:local:000000000000:task/c/1' };
    await expect(publicAddress(NOTHING_SAID, deps({ ecs }))).rejects.toThrow(
      /eni-0123456789abcdef0 has no public address.*assignPublicIp=ENABLED.*PUBLIC_ADDRESS/,
    );
    expect(asked.get('Action')).toBe('DescribeNetworkInterfaces');
    expect(asked.get('NetworkInterfaceId.1')).toBe('eni-0123456789abcdef0');
  });

  it('does not start as somebody else when the task metadata fail', async () => {
    const ecs = await serve((_request, response) => response.writeHead(500).end());
    await expect(ecsTask({ ecs, instance: undefined }, 2_000)).rejects.toThrow('answered 500');
    const other = await serve((_request, response) => response.end('{"TaskARN":"arn"}'));
    await expect(ecsTask({ ecs: other, instance: undefined }, 2_000)).rejects.toThrow('Cluster');
  });
});
