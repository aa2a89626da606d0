// Prepares a real llama.cpp server (a Python wheel) and runs the tests against it. Skips nothing: what is missing is an error.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const windows = process.platform === 'win32';
const venv = '.venv-llama';
const python = join(process.cwd(), venv, windows ? 'Scripts/python.exe' : 'bin/python');

function works(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  return error === undefined && status === 0;
}

function missing(what, fix) {
  console.error(
    `\nThe tests with real servers cannot run: ${what}.\nInstall it with:\n  ${fix}\nthen run "npm run test:real" again.`,
  );
  process.exit(1);
}

if (!works(python, ['-c', 'import xllamacpp'])) {
  const base = ['python3', 'python'].find((name) =>
    works(name, ['-c', 'import sys; assert sys.version_info >= (3, 10)']),
  );
  if (base === undefined) {
    missing(
      'Python 3.10 or newer is missing',
      windows
        ? 'winget install Python.Python.3.12'
        : 'sudo apt-get install python3 python3-venv   (macOS: brew install python)',
    );
  }
  if (!existsSync(python) && !works(base, ['-m', 'venv', venv])) {
    missing('Python has no venv module', 'sudo apt-get install python3-venv');
  }
  console.log(`Installing the llama.cpp server (xllamacpp, about 34 MB) into ${venv} ...`);
  if (!works(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'xllamacpp'])) {
    missing(
      'the llama.cpp server could not be installed (no network, or no wheel for this platform)',
      `${python} -m pip install xllamacpp`,
    );
  }
  if (!works(python, ['-c', 'import xllamacpp']))
    missing('the installed llama.cpp server does not load', `${python} -m pip install --force-reinstall xllamacpp`);
}

const run = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.real.config.ts', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, LLAMA_PYTHON: python } },
);
process.exit(run.status ?? 1);
