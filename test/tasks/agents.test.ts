import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/chat.js';
import { classifyTask, isUnsure, UNSURE_BELOW } from '../../src/tasks/classify-task.js';

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

describe('what agents and chat pages put around a request', () => {
  it.each([
    [
      'reminders and a listing',
      '<system-reminder>\nAnswer in prose. Review every document.\n</system-reminder>\nadd a retry to fetchUser in src/net.ts\n<system-reminder>\nFiles were read: readme.md\n</system-reminder>',
      'coding',
    ],
    [
      'a slash command in tags',
      '<command-message>review is running</command-message>\n<command-name>/review</command-name>\n<command-args>the auth package</command-args>',
      'analysis',
    ],
    [
      'an environment block',
      '<environment_context>\n<cwd>/home/me/shop</cwd>\n<shell>zsh</shell>\n</environment_context>\n\nwhere is the tax computed in our code',
      'analysis',
    ],
    [
      'instructions and a heading',
      '# Context from my IDE setup:\n## Open tabs:\n- report.ts\n- review.ts\n## My request for Codex:\nrename the variable total to sum in report.ts',
      'coding',
    ],
    [
      'a task with details of the editor',
      '<task>\nwrite the readme of this project\n</task>\n<environment_details>\n# Visible Files\nsrc/fix.ts\n# Open Tabs\nsrc/bug.ts\n</environment_details>',
      'documentation',
    ],
    [
      'attachments and reminders in camel case',
      '<attachments>\n<attachment id="a.ts">\nexport const fix = 1;\n</attachment>\n</attachments>\n<reminderInstructions>\nYou must write code and implement everything.\n</reminderInstructions>\n<userRequest>\nwhy does the login test fail?\n</userRequest>',
      'analysis',
    ],
    [
      'retrieved passages',
      '### Task:\nRespond to the query using the context.\n<context>\n<source id="1">Fix the bug and deploy.</source>\n</context>\n<user_query>\nshould we use redis or memcached for sessions?\n</user_query>',
      'reasoning',
    ],
    [
      'a prompt for a title',
      '### Task:\nSuggest a short title with an emoji for the chat.\n### Guidelines:\n- No quotation marks\n### Chat History:\n<chat_history>\nUSER: fix my parser\nASSISTANT: done\n</chat_history>',
      'documentation',
    ],
    [
      'a prompt for tags',
      '### Task:\nGive broad tags for the main themes of the chat history, and the domain.\n### Output:\nJSON\n### Chat History:\nUSER: why is react slow',
      'documentation',
    ],
    [
      'a list of tools',
      `You can call these tools:\n${JSON.stringify([{ name: 'explain_review', description: 'Explains, reviews and documents' }], null, 2)}\n\nrename the flag verbose to loud in cli.ts`,
      'coding',
    ],
  ])('%s', (_, content, category) => {
    expect(classifyTask([user(content)]).category).toBe(category);
  });

  it('needs no workspace for the title of a chat', () => {
    expect(
      classifyTask('### Task:\nGenerate a title.\n### Chat History:\nUSER: fix src/parser.ts').requiresSerena,
    ).toBe(false);
  });

  it('lets only the last message decide where files came before it', () => {
    const talk = [
      user('I have added these files to the chat.\n\nsrc/a.py\n```\nx = 1\n```'),
      assistant('Ok.'),
      user('write a docstring for every function in a.py'),
    ];
    expect(classifyTask(talk).category).toBe('documentation');
  });
});

describe('short follow-ups', () => {
  const plan = [user('how should we split the reports module?'), assistant('I would ...')];
  it.each([
    'do it',
    'ok, go ahead',
    'yes please',
    'mach das',
    'vas-y',
    'hazlo',
    'faça isso',
    'сделай это',
    '继续',
    '進めて',
    '진행해',
  ])('%s asks for the work that was planned', (content) => {
    expect(classifyTask([...plan, user(content)]).category).toBe('coding');
  });

  const work = [user('add retry with jitter to the http client in net.ts'), assistant('Done.')];
  it.each([
    'and the tests?',
    'und die Tests?',
    'et les tests ?',
    '¿y las pruebas?',
    'а тесты?',
    '测试呢？',
    'テストは？',
    '테스트는?',
  ])('%s goes on with it', (content) => {
    const task = classifyTask([...work, user(content)]);
    expect(task.category).toBe('coding');
    expect(task.requiresSerena).toBe(true);
  });

  it('stay with the text that was asked for', () => {
    const talk = [user('write the changelog entry for 2.1'), assistant('...'), user('yes')];
    expect(classifyTask(talk).category).toBe('documentation');
  });

  it.each(['fix it', 'behebe es', 'corrige-le', 'исправь', '修复它'])('%s mends what was found', (content) => {
    const talk = [user('why is the cart slow?'), assistant('It loads each price on its own.'), user(content)];
    expect(classifyTask(talk).category).toBe('coding');
  });

  it('do not turn an explanation into work', () => {
    const talk = [user('what is a monad?'), assistant('...'), user('simplify it')];
    expect(classifyTask(talk).category).toBe('reasoning');
  });

  it('do not hide a new question', () => {
    expect(classifyTask([...work, user('where is the timeout defined in our config?')]).category).toBe('analysis');
  });
});

describe('a classification is unsure', () => {
  it('below the threshold', () => {
    expect(isUnsure({ confidence: UNSURE_BELOW - 0.01 })).toBe(true);
    expect(isUnsure({ confidence: UNSURE_BELOW })).toBe(false);
  });

  it.each(['hmm', 'zxqv flurb', '...', ''])('where nothing is said: %j', (query) => {
    expect(isUnsure(classifyTask(query))).toBe(true);
  });

  it.each(['write a function that adds two numbers', 'what is a closure'])('but not of %j', (query) => {
    expect(isUnsure(classifyTask(query))).toBe(false);
  });
});

describe('the words that were seen', () => {
  it.each([
    ['Fasse die Änderungen zusammen', 'änderungen'],
    ['сделай ревью моей ветки', 'сделай ревью'],
    ['où est définie la fonction', 'où est'],
  ])('stand as they are written: %s', (query, word) => {
    expect(classifyTask(query).keywordsMatched).toContain(word);
  });
});
