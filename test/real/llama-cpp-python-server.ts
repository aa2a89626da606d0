import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RealServer, startPythonServer } from './python-server.js';
import { tinyGguf } from './tiny-gguf.js';
import type { TinyModel } from './tiny-model.js';

// The app of the package, on a port that the system chooses.
const SERVE = `
import socket
import uvicorn
from llama_cpp.server.app import create_app
from llama_cpp.server.settings import ModelSettings, ServerSettings

options = json.loads(sys.argv[2])
alias = options["model"]["model_alias"]
app = create_app(
    server_settings=ServerSettings(**options["server"]),
    model_settings=[ModelSettings(
        model=os.path.join(sys.argv[1], alias + ".gguf"), n_threads=1, n_threads_batch=1, **options["model"]
    )],
)
listening = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"url": "http://127.0.0.1:%d" % listening.getsockname()[1]}), flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
`;

/** Starts a real llama-cpp-python server with a generated model; options are the fields of its settings. */
export function startLlamaCppPythonServer(
  model: TinyModel,
  name: string,
  o: { readonly model?: Readonly<Record<string, unknown>>; readonly server?: Readonly<Record<string, unknown>> } = {},
): Promise<RealServer> {
  return startPythonServer({
    name: 'llama-cpp-python',
    python: 'LLAMA_CPP_PYTHON',
    script: SERVE,
    options: { model: { model_alias: name, ...o.model }, server: o.server ?? {} },
    env: { GGML_NO_BACKTRACE: '1' },
    fill: (folder) => writeFile(join(folder, `${name}.gguf`), tinyGguf(model)),
  });
}
