import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressFault, localityOfURL, normalBaseURL, serviceId } from '../../src/discovery/base-url.js';

describe('the address of a service', () => {
  it.each([
    ['http://localhost:11434', 'http://localhost:11434'],
    ['http://localhost:11434/', 'http://localhost:11434'],
    ['http://localhost:1234/v1', 'http://localhost:1234'],
    ['http://localhost:1234/v1/', 'http://localhost:1234'],
    ['http://localhost:1234//v1//', 'http://localhost:1234'],
    ['http://LOCALHOST:80/llm/v1', 'http://localhost/llm'],
    ['https://box.internal/a//b/', 'https://box.internal/a/b'],
    ['http://[::1]:8080/v1', 'http://[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]:8080', 'http://[::1]:8080'],
  ])('%s is %s', (given, normal) => {
    expect(normalBaseURL(given)).toBe(normal);
    expect(normalBaseURL(normal)).toBe(normal);
  });

  it('is normal after one pass, whatever was given', () => {
    const segment = fc.constantFrom('v1', '', 'llm', 'api');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (path) => {
        const once = normalBaseURL(`http://localhost:8080/${path.join('/')}`);
        expect(once).not.toMatch(/\/$|[^:]\/\/|\/v1$/);
      }),
    );
  });

  it.each([
    ['localhost:11434', 'not-http'],
    ['ftp://localhost', 'not-http'],
    ['http:localhost', 'not-http'],
    ['http:///localhost', 'not-http'],
    ['', 'not-http'],
    ['http://user:pw@localhost', 'credentials'],
    ['http://@localhost', 'credentials'],
    ['http://localhost/?key=1', 'query'],
    ['http://localhost/#x', 'query'],
    ['http://localhost/#', 'query'],
    ['http://local\thost:1', 'not-http'],
    ['http://localhost:1\n', 'not-http'],
    [' http://localhost:1', 'not-http'],
    ['http://localhost:1\\@evil.test', 'not-http'],
    ['http://localhost:1/a\\b', 'not-http'],
    ['http://localhost/@scope', undefined],
    ['http://[::1]:1', undefined],
  ])('%s has the fault %s', (given, fault) => {
    expect(addressFault(given)).toBe(fault);
  });

  it.each([
    ['http://localhost:11434', 'ollama@localhost:11434'],
    ['http://[::1]:11434', 'ollama@[::1]:11434'],
    ['https://box.internal', 'ollama@box.internal:443'],
    ['http://box.internal/llm', 'ollama@box.internal:80/llm'],
  ])('%s has the id %s', (given, id) => {
    expect(serviceId('ollama', given)).toBe(id);
  });

  it.each([
    ['http://localhost:1', 'loopback'],
    ['http://127.9.9.9:1', 'loopback'],
    ['http://[::1]:1', 'loopback'],
    ['http://192.168.1.4:1', 'private'],
    ['http://172.20.0.1:1', 'private'],
    ['http://[fd00::2]:1', 'private'],
    ['http://host.docker.internal:1', 'private'],
    ['http://gpu-box:1', 'private'],
    ['http://8.8.8.8', 'external'],
    ['http://[2606:4700::1111]', 'external'],
    ['http://models.example.com', undefined],
  ])('%s is %s', (given, locality) => {
    expect(localityOfURL(given)).toBe(locality);
  });
});
