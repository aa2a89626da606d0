const WORDS = {
  scope:
    'all every across whole entire everywhere codebase repository repo throughout each multiple comprehensive complete project-wide alle überall gesamte toda todos todo tous toutes все весь 所有 全部 整个 全て 全体 すべて 모든 전체',
  hard: 'concurrency concurrent race deadlock thread threads lock locks distributed consistency scale scalable scaling performance latency throughput security secure vulnerability vulnerabilities encryption auth authentication authorization migration migrate port architecture architectural kernel compiler jit memory leak leaks leaking transaction transactions cluster sharding replication realtime real-time streaming parallel async protocol algorithm optimize optimise audit idor injection xss csrf gpu cuda machine neural model models cache caching rollout monolith microservices offline sync multi-tenant tenant tenants legacy upgrade backpressure raft paxos fraud billion million schema rate limiter reconnects state-machine breaking incident outage n+1 idempotent 安全 性能 并发 架构 内存泄漏 セキュリティ アーキテクチャ 보안 성능 아키텍처 sicherheit sicherheitslucke seguridad securite segurança безопасность vulnerabilidades 漏洞 安全问题 안전 leistung fugas fuites утечк',
  easy: 'typo typos rename bump format reformat spelling indentation hello simple simply basic small tiny minimal one-liner trivial semicolon title todo fixme license import imports unused color colour basics sentence line lines short snippet comment comments docstring docstrings single quick quickly name list string array print sum',
  product:
    'app application website platform game engine scratch system clone shop bot extension compiler product dashboard api service server full-stack fullstack site e-commerce saas',
} as const;

/** Words that speak of effort: wide scope, hard or easy matter, whole products. Own collection. */
export const EFFORT_WORDS: ReadonlyMap<string, keyof typeof WORDS> = /* @__PURE__ */ new Map(
  (Object.keys(WORDS) as (keyof typeof WORDS)[]).flatMap((kind) =>
    WORDS[kind].split(' ').map((word) => [word, kind] as const),
  ),
);
