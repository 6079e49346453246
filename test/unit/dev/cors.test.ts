import { describe, expect, it } from 'vitest';
import { corsHeaders, corsOf, preflightHeaders } from '../../../dev/router/cors.ts';

const base = {
  AllowMethods: ['GET', 'POST'],
  AllowHeaders: ['content-type'],
  ExposeHeaders: ['retry-after'],
  MaxAge: 600,
};
const any = { ...base, AllowOrigins: ['*'] };
const one = { ...base, AllowOrigins: ['https://one.example'] };

describe('CORS', () => {
  it('names the origin that is allowed, and varies by it', () => {
    expect(corsHeaders(one, 'https://one.example')).toEqual({
      'access-control-allow-origin': 'https://one.example',
      vary: 'origin',
      'access-control-expose-headers': 'retry-after',
    });
    expect(corsHeaders(any, 'https://one.example')).toMatchObject({ 'access-control-allow-origin': '*' });
  });

  it('says nothing to others, to callers without an origin, or when there is none', () => {
    expect(corsHeaders(one, 'https://two.example')).toEqual({});
    expect(corsHeaders(one, undefined)).toEqual({});
    expect(corsHeaders(undefined, 'https://one.example')).toEqual({});
  });

  it('answers a preflight with what is allowed', () => {
    expect(preflightHeaders(any, 'https://one.example')).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '600',
    });
    expect(preflightHeaders(one, 'https://two.example')).toEqual({});
  });

  it('refuses a variable that it does not understand', () => {
    const resources = {
      extensions: {
        HttpApi: {
          Properties: { CorsConfiguration: { AllowOrigins: { 'Fn::Split': [',', '${ssm:/origins}'] } } },
        },
      },
    };
    expect(() => corsOf(resources, '.', {})).toThrow('${ssm:/origins}');
  });
});
