import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RealServer, startPythonServer } from './python-server.js';
import { writeTinyMlx } from './tiny-mlx.js';
import type { TinyModel } from './tiny-model.js';

export interface MlxServer extends RealServer {
  /** The folder of its model, as its command line has it. */
  readonly model: string;
}

// The server of the package, on a port that the system chooses.
const SERVE = `
folder, options = sys.argv[1], json.loads(sys.argv[2])
os.environ["HF_HOME"] = os.path.join(folder, "hf")
import mlx_lm.server as s

listen = s.ThreadingHTTPServer.server_activate
def announce(self):
    listen(self)
    print(json.dumps({"url": "http://127.0.0.1:%d" % self.server_address[1]}), flush=True)
s.ThreadingHTTPServer.server_activate = announce
sys.argv[1:] = ["--port", "0", "--model", os.path.join(folder, options["name"]), *options["args"]]
s.main()
`;

/** Starts a real mlx-lm server with a generated model; arguments are those of its command line. */
export async function startMlxServer(
  model: TinyModel,
  name: string,
  o: { readonly args?: readonly string[]; readonly hasCache?: boolean } = {},
): Promise<MlxServer> {
  let path = '';
  const server = await startPythonServer({
    name: 'mlx-lm',
    python: 'MLX_PYTHON',
    script: SERVE,
    options: { name, args: o.args ?? [] },
    env: { HF_HUB_OFFLINE: '1' },
    fill: async (folder) => {
      path = join(folder, name);
      await writeTinyMlx(path, model);
      // Where downloaded models would be; without the folder its list breaks off.
      if (o.hasCache ?? true) await mkdir(join(folder, 'hf', 'hub'), { recursive: true });
    },
  });
  return { ...server, model: path };
}
