import type { ServedFake } from './fake-settings.js';

const VERSION = '1.104';

/** `GET /api/extra/version`: what the server can do. */
export function koboldVersion(
  model: ServedFake | undefined,
  { isLocked, embeds }: { isLocked: boolean; embeds: boolean },
): object {
  return {
    result: 'KoboldCpp',
    version: VERSION,
    protected: isLocked,
    llm: model !== undefined,
    txt2img: false,
    vision: model?.capabilities.has('vision') ?? false,
    audio: model?.capabilities.has('audio') ?? false,
    transcribe: false,
    multiplayer: false,
    websearch: false,
    tts: false,
    embeddings: embeds,
    savedata: false,
    admin: 0,
    guidance: false,
    jinja: false,
  };
}

/** `GET /.well-known/serviceinfo`. */
export function serviceInfo(): object {
  const home = 'https://github.com/LostRuins/koboldcpp';
  return {
    version: '0.2',
    software: { name: 'KoboldCpp', version: VERSION, repository: home, homepage: home, logo: `${home}/niko.ico` },
    api: {
      koboldai: { name: 'KoboldAI API', rel_url: '/api', documentation: `${home}/api`, version: VERSION },
      // The blank in this name is the server's own.
      openai: { name: 'OpenAI API', 'rel_url ': '/v1', documentation: `${home}/v1`, version: VERSION },
    },
  };
}

/** An entry of `GET /v1/models`. */
export function koboldModel(id: string): object {
  const created = Math.floor(Date.now() / 1000);
  return { id, object: 'model', created, owned_by: 'koboldcpp', permission: [], root: 'koboldcpp' };
}

/** `GET /api/tags` and `/api/ps`: constants in the form of Ollama. */
export function koboldTags(id: string): object {
  const entry = (model: string): object => ({
    name: 'koboldcpp',
    model,
    modified_at: '2024-07-19T15:26:55.6122841+08:00',
    expires_at: '2055-06-04T19:06:25.5433636+08:00',
    size: 394_998_579,
    size_vram: 394_998_579,
    digest: 'b5dc5e784f2a3ee1582373093acf69a2f4e2ac1710b253a001712b86a61f88bb',
    details: {
      parent_model: '',
      format: 'gguf',
      family: 'koboldcpp',
      families: ['koboldcpp'],
      parameter_size: '128M',
      quantization_level: 'Q4_0',
    },
  });
  return { models: [entry(`${id}:latest`), entry(id)] };
}

/** `GET /api/extra/perf`: `queue` counts those that wait, not the one that runs. */
export function koboldPerf(total: number, queue: number, isRunning: boolean): object {
  return {
    last_process: 0.1,
    last_eval: 0.2,
    last_token_count: 20,
    last_input_count: 22,
    last_process_time: 0.1,
    last_eval_time: 0.2,
    last_process_speed: 220,
    last_eval_speed: 100,
    last_seed: 1,
    last_draft_success: 0,
    last_draft_failed: 0,
    total_gens: total,
    stop_reason: 1,
    total_img_gens: 0,
    total_tts_gens: 0,
    total_transcribe_gens: 0,
    queue,
    idle: isRunning ? 0 : 1,
    hordeexitcounter: -1,
    uptime: 60,
    idletime: 1,
    quiet: false,
  };
}
