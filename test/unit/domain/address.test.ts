import { describe, expect, it } from 'vitest';
import { hostBelongs, isPublicAddress, networkOf } from '../../../shared/domain/address.ts';
import { randomRoomId } from '../../../shared/domain/room-id.ts';

const at = (instance_ip: string) => ({ task_id: 'Task-1', instance_ip });

describe('addresses', () => {
  it.each(['8.8.8.8', '203.0.112.7', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '127.0.0.1',
    '169.254.170.2',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    'x',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
  it("believes the task's own name in the zone, and no other", () => {
    const belongs = (host: string) => hostBelongs(`wss://${host}`, at('8.8.8.8'), 'tasks.example');
    expect(belongs('task-1.tasks.example')).toBe(true);
    for (const host of [
      'tasks.example',
      'task-2.tasks.example',
      'a.task-1.tasks.example',
      'task-1.tasks.example.org',
    ]) {
      expect(belongs(host)).toBe(false);
    }
  });
  it('compares addresses, not their spelling', () => {
    expect(hostBelongs('ws://[2606:4700:0:0::1111]:443', at('2606:4700::1111'), undefined)).toBe(true);
    expect(hostBelongs('ws://8.8.8.8', at('8.8.4.4'), undefined)).toBe(false);
  });
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::'],
    ['2001:db8:1:3::1', '2001:db8:1:3::'],
    ['::1', '::'],
    ['test-invoke-source-ip', 'test-invoke-source-ip'],
    ['', ''],
  ])('%s counts as %s', (address, key) => {
    expect(networkOf(address)).toBe(key);
  });
});

describe('room ids', () => {
  it('have all their digits', () => {
    expect(randomRoomId(5, () => 157)).toBe('00157');
    expect(randomRoomId(5, (below) => below - 1)).toBe('99999');
  });
});
