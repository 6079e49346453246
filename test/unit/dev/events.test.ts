import { expect, it } from 'vitest';
import { busEvent, matches } from '../../../dev/router/events.ts';

const event = {
  ...busEvent('local', {
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    resources: [],
    detail: { lastStatus: 'STOPPED', clusterArn: 'arn:x', count: 1 },
  }),
};

it.each([
  [{}, true],
  [{ source: ['aws.ecs'] }, true],
  [{ source: ['aws.ec2', 'aws.ecs'], detail: { lastStatus: ['STOPPED'], count: [1] } }, true],
  [{ source: ['aws.ec2'] }, false],
  [{ source: ['aws.ecs'], detail: { lastStatus: ['RUNNING'] } }, false],
  [{ detail: { stopCode: ['UserInitiated'] } }, false],
  [{ other: { lastStatus: ['STOPPED'] } }, false],
  // What CloudFormation fills in is not known here.
  [{ detail: { clusterArn: [{ 'Fn::Sub': 'arn:${X}' }] } }, true],
])('the pattern %j matches: %s', (pattern, expected) => {
  expect(matches(pattern, event)).toBe(expected);
});

it('an event has the time in whole seconds', () => {
  expect(event.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});
