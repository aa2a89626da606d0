import type { ServedFake } from './fake-settings.js';

/** What the server says of itself: release number and commit. */
export const BUILD = 'b11549-5f1a6c2';

/** An entry of `GET /v1/models` in router mode; facts of the model only while it is loaded. */
export function routerEntry(model: ServedFake, loaded: boolean): object {
  const file = `/models/${model.id}.gguf`;
  return {
    id: model.id,
    aliases: [],
    tags: [],
    object: 'model',
    owned_by: 'llamacpp',
    created: now(),
    status: {
      value: loaded ? 'loaded' : 'unloaded',
      args: ['llama-server', '--host', '127.0.0.1', '--port', '0', '--alias', model.id, '--model', file],
      preset: `[${model.id}]\nmodel = ${file}\n\n`,
    },
    architecture: architecture(model),
    source: 'models_dir',
    can_remove: false,
    ...(loaded && { meta: meta(model) }),
  };
}

/** `GET /v1/models` of a server with one model: a list in Ollama's manner beside OpenAI's. */
export function singleList(model: ServedFake | undefined): object {
  if (model === undefined) return { models: [], object: 'list', data: [] };
  const { id } = model;
  return {
    models: [
      {
        name: id,
        model: id,
        modified_at: '',
        size: '',
        digest: '',
        type: 'model',
        description: '',
        tags: [''],
        capabilities: model.capabilities.has('vision') ? ['completion', 'multimodal'] : ['completion'],
        parameters: '',
        details: {
          parent_model: '',
          format: 'gguf',
          family: '',
          families: [''],
          parameter_size: '',
          quantization_level: '',
        },
      },
    ],
    object: 'list',
    data: [
      {
        id,
        aliases: [id],
        tags: [],
        object: 'model',
        architecture: architecture(model),
        created: now(),
        owned_by: 'llamacpp',
        meta: meta(model),
      },
    ],
  };
}

/** `GET /props` of a loaded model. */
export function props(model: ServedFake): object {
  const tools = model.capabilities.has('tools');
  return {
    default_generation_settings: { params: PARAMS, n_ctx: model.contextLength },
    total_slots: SLOTS,
    model_alias: model.id,
    model_ftype: ftype(model),
    model_path: `/models/${model.id}.gguf`,
    modalities: { vision: model.capabilities.has('vision'), video: false, audio: model.capabilities.has('audio') },
    media_marker: '<__media__>',
    endpoint_slots: true,
    endpoint_props: false,
    endpoint_metrics: false,
    ui: false,
    ui_settings: {},
    chat_template: model.capabilities.has('reasoning') ? `${TEMPLATE}${THINKING}` : TEMPLATE,
    chat_template_caps: {
      supports_object_arguments: tools,
      supports_parallel_tool_calls: tools,
      supports_preserve_reasoning: model.capabilities.has('reasoning'),
      supports_reasoning_effort: false,
      supports_string_content: true,
      supports_system_role: true,
      supports_tool_calls: tools,
      supports_tools: tools,
      supports_typed_content: false,
    },
    bos_token: '<s>',
    eos_token: '<|im_end|>',
    build_info: BUILD,
    is_sleeping: false,
    cors_proxy_enabled: false,
  };
}

/** `GET /props` of the router itself. */
export function routerProps(): object {
  return {
    role: 'router',
    max_instances: 4,
    models_autoload: true,
    model_alias: 'llama-server',
    model_path: 'none',
    default_generation_settings: { params: null, n_ctx: 0 },
    ui_settings: {},
    build_info: BUILD,
    cors_proxy_enabled: false,
  };
}

/** `GET /slots`: what the first `busy` slots do shows. */
export function slots(model: ServedFake, busy: number): object[] {
  return Array.from({ length: SLOTS }, (_, id) => {
    const idle = { id, n_ctx: model.contextLength, speculative: false, is_processing: false };
    if (id >= busy) return idle;
    return {
      ...idle,
      is_processing: true,
      id_task: id,
      n_prompt_tokens: 1,
      n_prompt_tokens_processed: 1,
      n_prompt_tokens_cache: 0,
      params: PARAMS,
      next_token: [{ has_next_token: true, has_new_line: false, n_remain: -1, n_decoded: 1 }],
    };
  });
}

// Four slots that share one cache are what the server chooses by itself.
const SLOTS = 4;

const now = (): number => Math.floor(Date.now() / 1000);
const ftype = (model: ServedFake): string =>
  model.quantization.replace(/^(Q\d_K)_([SML])$/, (_, k, size) => `${k} - ${SIZES[size]}`);
const SIZES: Readonly<Record<string, string>> = { S: 'Small', M: 'Medium', L: 'Large' };

function architecture(model: ServedFake): object {
  const seen = ['image', 'audio'].filter((kind) => model.capabilities.has(kind === 'image' ? 'vision' : 'audio'));
  return { input_modalities: ['text', ...seen], output_modalities: ['text'] };
}

function meta(model: ServedFake): object {
  return {
    vocab_type: 2,
    n_vocab: 151_936,
    n_ctx: model.contextLength,
    n_ctx_train: model.maxContextLength,
    n_embd: 3_584,
    n_params: Math.round(Number.parseFloat(model.parameterSize) * 1e9) || 0,
    size: model.sizeBytes,
    ftype: ftype(model),
  };
}

const TEMPLATE =
  "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";
const THINKING =
  "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}";

// Sampling defaults as recorded from build b11549.
const PARAMS = {
  seed: 4_294_967_295,
  temperature: 0.800000011920929,
  dynatemp_range: 0,
  dynatemp_exponent: 1,
  top_k: 40,
  top_p: 0.949999988079071,
  min_p: 0.05000000074505806,
  top_n_sigma: -1,
  xtc_probability: 0,
  xtc_threshold: 0.10000000149011612,
  typical_p: 1,
  repeat_last_n: 64,
  repeat_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  dry_multiplier: 0,
  dry_base: 1.75,
  dry_allowed_length: 2,
  dry_penalty_last_n: 64,
  mirostat: 0,
  mirostat_tau: 5,
  mirostat_eta: 0.10000000149011612,
  adaptive_target: -1,
  adaptive_decay: 0.8999999761581421,
  max_tokens: -1,
  n_predict: -1,
  n_keep: 0,
  n_discard: 0,
  ignore_eos: false,
  stream: false,
  n_probs: 0,
  min_keep: 0,
  chat_format: 'Content-only',
  reasoning_format: 'none',
  reasoning_in_content: false,
  generation_prompt: '',
  samplers: ['penalties', 'dry', 'top_n_sigma', 'top_k', 'typ_p', 'top_p', 'min_p', 'xtc', 'temperature'],
  'speculative.types': 'none',
  timings_per_token: false,
  post_sampling_probs: false,
  backend_sampling: false,
  lora: [],
} as const;
