import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RealServer, startPythonServer } from './python-server.js';
import { tinyGguf } from './tiny-gguf.js';
import type { TinyModel } from './tiny-model.js';

// The server of the `xllamacpp` wheel.
const SERVE = `
import xllamacpp as x

options = json.loads(sys.argv[2])
p = x.CommonParams()
p.model.path = os.path.join(sys.argv[1], options["model_alias"][0] + ".gguf")
p.hostnames = ["127.0.0.1"]
p.port = 0
p.ui = False
p.fit_params = False
# More threads than free cores make it thousands of times slower.
p.cpuparams.n_threads = 1
p.cpuparams_batch.n_threads = 1
for key, value in options.items():
    setattr(p, key, set(value) if isinstance(getattr(p, key), set) else value)
server = x.Server(p)
print(json.dumps({"url": server.listening_address}), flush=True)
threading.Event().wait()
`;

/** Starts a real llama.cpp server with a generated model; options are the fields of its `CommonParams`. */
export function startLlamaServer(
  model: TinyModel,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<RealServer> {
  return startPythonServer({
    name: 'llama.cpp',
    python: 'LLAMA_PYTHON',
    script: SERVE,
    options: { model_alias: [name], ...options },
    // With a debugger installed a failing load would start it.
    env: { GGML_NO_BACKTRACE: '1' },
    fill: (folder) => writeFile(join(folder, `${name}.gguf`), tinyGguf(model)),
  });
}
