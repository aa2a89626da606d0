import { describe, expect, it } from 'vitest';
import { findRequest } from '../../src/tasks/request-text.js';

describe('findRequest', () => {
  it('takes fenced code off', () => {
    const { text, material } = findRequest('make this faster\n```js\nfor (;;) run();\n```\nthanks');
    expect(text).toBe('make this faster\nthanks');
    expect(material.code).toBe(1);
  });

  it('takes code off that has no fence', () => {
    const { text, material } = findRequest(
      'Why is the result wrong?\n\ndef add(a, b):\n    total = a - b\n    return total\n\nprint(add(1, 2))',
    );
    expect(text).toBe('Why is the result wrong?');
    expect(material.code).toBeGreaterThan(2);
  });

  it('tells a trace, a log and a diff from code', () => {
    expect(findRequest('TypeError: x is not a function\n    at run (/srv/a.js:3:1)').material.trace).toBe(1);
    expect(findRequest('2024-05-01 12:00:01 ERROR no space left').material.log).toBe(1);
    expect(findRequest('diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@').material.diff).toBe(4);
  });

  it('keeps the wish behind an error on one line', () => {
    expect(findRequest("KeyError: 'id' - please fix").text).toBe('please fix');
  });

  it('keeps a short name in backticks and drops long code', () => {
    expect(findRequest('what does `useCart` return').text).toContain('useCart()');
    expect(findRequest('what does `a = b ? c : d; e()` do').text).not.toContain('b ?');
  });

  it('takes a long quotation for material, not an opening mark alone', () => {
    expect(findRequest(`“ explain “${'the last word '.repeat(4)}”`).text).toBe('“ explain');
  });

  it('takes the blocks of agents off', () => {
    const { text } = findRequest(
      '<system-reminder>\nReview all documents. Explain the plan.\n</system-reminder>\nrename the flag\n<environment_details>\nfiles: a.ts b.ts\n</environment_details>',
    );
    expect(text).toBe('rename the flag');
  });

  it('finds a request inside its tag or behind its heading', () => {
    expect(findRequest('<context>\nsome docs\n</context>\n<user_query>\nsort the list\n</user_query>').text).toBe(
      'sort the list',
    );
    expect(
      findRequest('# Context from my IDE setup:\n## Open tabs:\n- a.ts\n## My request for Codex:\nsort the list').text,
    ).toBe('sort the list');
  });

  it('leaves pasted markup as code', () => {
    const { text, material } = findRequest('center this\n<div class="a">\n  <p>hi</p>\n</div>');
    expect(text).toBe('center this');
    expect(material.code).toBeGreaterThan(0);
  });

  it('does not take the text to be worked on for the request', () => {
    const { text, material } = findRequest('Summarize the following text:\nWe should fix the build and add tests.');
    expect(text).toBe('Summarize the following text:');
    expect(material.quote).toBe(1);
  });

  it('reads the command of a message', () => {
    expect(findRequest('/fix the tests')).toMatchObject({ command: 'fix', text: 'the tests' });
    expect(findRequest('/usr/bin is missing').command).toBeNull();
  });

  it('finds a wish at the end of a very long message', () => {
    const { text } = findRequest(`\`\`\`\n${'let a = 1;\n'.repeat(5_000)}\`\`\`\nwrite a docstring for it`);
    expect(text).toContain('write a docstring for it');
  });
});
