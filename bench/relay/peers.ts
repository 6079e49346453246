/** Which peers can be measured here, and how to get the others. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './brokers.ts';
import type { System } from './systems.ts';

const PEERS = join(import.meta.dirname, 'peers');
const INSTALLED = join(PEERS, 'node_modules/.package-lock.json');
const UWEBSOCKETS = 'npm install --no-save --prefix bench/relay/peers uNetworking/uWebSockets.js#v20.67.0';

export interface Available {
  systems: readonly System[];
  /** A sentence for each system that is not here. */
  missing: readonly string[];
}

function isInstalled(): boolean {
  return (
    existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync(join(PEERS, 'package-lock.json')).mtimeMs
  );
}

/**
 * Installs the npm packages of the peers in their own folder. Its `overrides`: of later versions of `msgpackr-extract` not
 * all platforms have their package, which `npm ci` does not take.
 * Returns undefined, or why that did not work.
 */
function installPeers(progress: (line: string) => void): string | undefined {
  if (isInstalled()) return undefined;
  progress('installing the peers in bench/relay/peers');
  const { status, stderr } = spawnSync(
    'npm',
    ['ci', '--prefix', PEERS, '--ignore-scripts', '--no-audit', '--no-fund'],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (status === 0) return undefined;
  const said = (stderr ?? '').split('\n').filter((line) => line.startsWith('npm error') && line.length > 10);
  return `npm ci in bench/relay/peers failed: ${said.slice(0, 3).join('; ')}`;
}

/** Leaves out what is not on this machine. What is on npm is installed first. */
export function availableOf(
  systems: readonly System[],
  can_tls: boolean,
  progress: (line: string) => void,
): Available {
  const npm = systems.some(({ source }) => source.kind === 'node' && source.needs === 'peers')
    ? installPeers(progress)
    : undefined;
  const lacking = ({ source, tls }: System): string | undefined => {
    if (tls && !can_tls) return 'the generator was built without OpenSSL (apt install libssl-dev)';
    if (source.kind === 'broker') {
      return findProgram(source.program) === undefined ? `apt install ${source.program}` : undefined;
    }
    if (source.needs === 'peers') return npm;
    if (source.needs === 'uwebsockets' && !existsSync(join(PEERS, 'node_modules/uWebSockets.js'))) {
      return `it is not on npm's registry. ${UWEBSOCKETS}`;
    }
    return undefined;
  };
  const missing = systems.flatMap((system) => {
    const reason = lacking(system);
    return reason === undefined ? [] : [`${system.name} is not here: ${reason}`];
  });
  return { systems: systems.filter((system) => lacking(system) === undefined), missing };
}
