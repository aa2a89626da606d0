// Prepares real servers (Python packages, each in a folder of its own) and runs the tests against them. What is missing is an
// error; what is left out is said. `--without <server>` leaves one out.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const windows = process.platform === 'win32';

const SERVERS = [
  {
    name: 'llama.cpp',
    venv: '.venv-llama',
    packages: ['xllamacpp'],
    imports: 'xllamacpp',
    cost: '34 MB',
    variable: 'LLAMA_PYTHON',
    tests: ['test/real/llama-cpp.test.ts', 'test/real/llama-cpp-broken.test.ts', 'test/real/tiny-gguf.test.ts'],
  },
  {
    name: 'mlx-lm',
    venv: '.venv-mlx',
    packages: ['mlx-lm', 'mlx[cpu]'],
    imports: 'mlx_lm.server',
    cost: 'about a minute',
    variable: 'MLX_PYTHON',
    tests: ['test/real/mlx-lm.test.ts'],
  },
  {
    name: 'llama-cpp-python',
    venv: '.venv-llama-cpp-python',
    packages: ['llama-cpp-python[server]'],
    imports: 'llama_cpp.server.app',
    cost: 'compiles for some minutes',
    // Its tests generate little; what counts is the time to compile.
    env: { CMAKE_ARGS: '-DCMAKE_C_FLAGS_RELEASE=-O1 -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DLLAVA_BUILD=OFF' },
    compiles: true,
    variable: 'LLAMA_CPP_PYTHON',
    tests: ['test/real/llama-cpp-python.test.ts'],
  },
];

function works(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return error === undefined && status === 0;
}

function stop(what, fix) {
  console.error(
    `\nThe tests with real servers cannot run: ${what}.\n${fix.do}:\n  ${fix.line}\nthen run "npm run test:real" again.`,
  );
  process.exit(1);
}
const missing = (what, line) => stop(what, { do: 'Install it with', line });

/** The interpreter with the server in it. */
function prepare({ name, venv, packages, imports, cost, env = {} }) {
  const python = join(process.cwd(), venv, windows ? 'Scripts/python.exe' : 'bin/python');
  const loads = () => works(python, ['-c', `import ${imports}`]);
  if (loads()) return python;
  const base = ['python3', 'python'].find((command) =>
    works(command, ['-c', 'import sys; assert sys.version_info >= (3, 10)']),
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
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  const set = Object.entries(env).map(([key, value]) => `${key}="${value}" `);
  const line = `${set.join('')}${python} -m pip install ${packages.map((text) => `"${text}"`).join(' ')}`;
  console.log(`Installing ${name} (${packages.join(' and ')}; ${cost}) into ${venv} ...`);
  if (!works(python, install, env)) {
    missing(
      `${name} could not be installed (no network, or nothing for this platform: "-- --without ${name}" leaves it out)`,
      line,
    );
  }
  if (!loads()) missing(`the installed ${name} does not load`, `${line} --force-reinstall`);
  return python;
}

const without = [];
const rest = [];
for (let args = process.argv.slice(2); args.length > 0; ) {
  const [arg, ...others] = args;
  const isWithout = arg === '--without';
  if (isWithout) without.push(others.shift());
  else rest.push(arg);
  args = others;
}
const names = SERVERS.map(({ name }) => name);
const unknown = without.find((name) => !names.includes(name));
if (unknown !== undefined || without.includes(undefined)) {
  stop(`--without does not know "${unknown ?? ''}"`, { do: 'It takes one of these', line: names.join(', ') });
}

const hasCompiler = () => [process.env['CXX'], 'c++', 'g++', 'clang++'].some((cxx) => cxx && works(cxx, ['--version']));
const env = { ...process.env };
for (const server of SERVERS) {
  const reason = without.includes(server.name)
    ? 'as --without asks'
    : server.compiles &&
      !hasCompiler() &&
      'there is no C++ compiler; include it with: sudo apt-get install g++   (macOS: xcode-select --install)';
  if (reason) {
    console.log(`Left out: ${server.name}, ${reason}`);
    rest.push(...server.tests.map((file) => `--exclude=${file}`));
  } else env[server.variable] = prepare(server);
}

const run = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.real.config.ts', ...rest],
  { stdio: 'inherit', env },
);
process.exit(run.status ?? 1);
