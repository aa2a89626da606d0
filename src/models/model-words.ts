// What the words of served names mean, by the naming rules of the servers and of the people who publish builds.
// Words of the catalogued models themselves are not here: they come from CATALOG_NAMES.

const list = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Says nothing about which model it is: file types, runtimes, packaging. */
export const PACKAGING = /* @__PURE__ */ list(
  'gguf ggml gguf2 gguf4 ggmlv3 bin safetensors llamafile kcpps onnx openvino mlx hf latest i1 imat imatrix mtp qat cloud ' +
    'dspark unsloth fixed gb quantized unquantized mlc ov npu cpu gpu cuda vulkan rocm flm vllm nothink',
);

/** Says nothing either, unless it is part of a catalogued name: makers, local folders, packaging of one server. */
export const MAYBE_PACKAGING = /* @__PURE__ */ list(
  'meta nvidia google microsoft mistralai ibm openai c4ai cohere multimodal ssd ad ai channel dynamic hybrid 128k',
);

/** Marks the chat model of a pair of chat and base checkpoint. */
export const CHAT = /* @__PURE__ */ list('instruct it chat inst');

/** Marks the base checkpoint of a pair. */
export const BASE = /* @__PURE__ */ list('base pt pretrain pretrained foundation');

/** Tails of builds that keep the model: `APEX-I-Quality` and the like. */
export const BUILD_TAIL = /* @__PURE__ */ list('i quality balanced compact mini nano micro');

/** Other models of the same makers: such a name is not catalogued, but it is no derivative either. */
export const MAKER_VARIANT = /* @__PURE__ */ list(
  'math coder code vl vision audio omni asr tts ocr lite mini small medium large big nano micro tiny preview exp guard ' +
    'reward rm prm reranker rerank embedding embeddings embed turbo plus max pro ultra flash air next moe thinking think ' +
    'reasoning reasoner long text python translate translator v beta alpha live research ' +
    'character shield guardian deep med medical search diffusion dense sparse h e n x s m xs xl captioner robotics',
);

/** Says outright that the weights were changed: finetunes, merges, pruned and drafting models, known series of such. */
export const DERIVATIVE = /* @__PURE__ */ list(
  'abliterated abliteration ablated abl uncensored heretic derestricted unfiltered unfettered unslop decensored josiefied ' +
    'huihui gabliterated distill distilled distil distillation finetune finetuned finetuning ft sft dpo orpo ' +
    'grpo gspo kto rlhf rlvr lora qlora adapter merge merged merges slerp ties dare passthrough frankenmerge frankenmoe ' +
    'clown reap pruned prune rp roleplay erp storywriter storyteller story creative writer writing horror nsfw lewd smut ' +
    'waifu neo opus sonnet haiku claude gpt4 gpt5 gemini fable dolphin hermes openhermes tulu vicuna wizardlm wizard ' +
    'wizardcoder wizardmath openchat zephyr neuralbeaver cogito athene alpaca guanaco airoboros samantha nous deephermes ' +
    'smaug stheno lunaris euryale magnum cydonia rocinante behemoth skyfall anubis lumimaid noromaid mythomax mythalion ' +
    'fimbulvetr kunoichi psyfighter tiefighter midnight miqu goliath tess xwin platypus orca puffin synthia nimbus xortron ' +
    'qwopus sky skywork openthinker openreasoning bespoke stratos uigen arliai rpmax eva hauhaucs fallen unaligned dark ' +
    'darkest evil heretical aggressive healed upscaled expanded brainstorm supernova virtuoso bagel saiga suzume swallow ' +
    'elyza shisa sauerkraut sauerkrautlm calme acemath acereason openmath nemoguard chocolatine vikhr gigachat roblox ' +
    'draft drafter eagle eagle2 eagle3 dflash medusa speculator assistant mmproj tongyi rombos barcenas ' +
    'lucy gembo everyday notus pygmalion cinematika nemomix lyra unslopnemo captain eris lexi hathor poppy ' +
    'porpoise violet cassiopeia dobby cybersecurity seneca whiterabbitneo openbuddy chatqa functionary ' +
    'hammer xlam toolace groq gorilla llamaguard prometheus selfrag medgemma meditron openbiollm biomistral',
);

/** Publishers whose builds are finetunes also where the file name is that of the base. */
export const FINETUNERS = /* @__PURE__ */ list(
  'jackrong davidau hauhaucs huihui-ai thedrummer sao10k anthracite-org steelskull goekdenizguelmez goekdeniz-guelmez ' +
    'llmfan46 tesslate undi95 neversleep epiculous latitudegames arliai mlabonne failspy trashpanda-org readyart ' +
    'allura-org nbeerbower inflatebot sicarius-prototyping zerofata crestf411 knifeayumu latitude-games',
);

/** Publishers who repack the models of others under the others' names. */
export const REPACKERS =
  'bartowski unsloth lmstudio-community mradermacher thebloke quantfactory maziyarpanahi ggml-org ggerganov mlx-community ' +
  'redhatai neuralmagic cyankiwi ubergarm richarderkhov second-state lmstudio-ai mudler amd intel opengvlab ' +
  'janhq cortexso devquasar inferact eco-tech tensorblock noctrex stduhpf kaitchup hugging-quants casperhansen ' +
  'solidrust jartine mozilla-ai modelcloud legraphista duyntnet lonestriker turboderp arcee-train duckers gaianet ' +
  'featherless-ai-quants aessedai anikifoss doctor-shotgun ibm-research bullpoint ai library hf models local gguf user ' +
  'artusdev mikeroz quanttrio cpatonn';

/**
 * Families whose repository without a chat mark is the base checkpoint (newer families mark the base instead).
 * Source: the makers' collections on Hugging Face.
 */
export const UNMARKED_IS_BASE = /* @__PURE__ */ list(
  'qwen2.5 qwen-coder2.5 qwen-coder1.5 llama codellama gemma2 gemma4 codegemma mistral mixtral yi yi-coder olmo2 glm4 ' +
    'smollm2 internlm solar',
);

/** Tags of the Ollama library that stand for different weights over time: the name alone does not decide. */
export const MOVING_TAGS = /* @__PURE__ */ list('qwen3:30b qwen3:235b deepseek-r1 deepseek-r1:8b deepseek-coder-v2');

/** The same, where one of them is meant so often that it is taken with low confidence. */
export const UNSURE_TAGS = /* @__PURE__ */ list(
  'qwen3:4b deepseek-r1:671b mistral:7b mistral devstral:24b devstral magistral:24b magistral mistral-small command-r',
);
