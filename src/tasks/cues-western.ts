import type { Cues } from './cue-kinds.js';

/** German: stems for inflection and compounds. Own collection. */
export const DE = {
  make: 'schreib* erstell* erzeug* generier* bau baue bauen implementier* leg_an anlegen hinzufug* fug fuge fugen',
  change:
    'fix* behebe* beheb* reparier* korrigier* refaktor* refactor* umbenenn* benenn* ander* verander* konvertier* migrier* portier* aktualisier* ersetz* entfern* losch* verschieb* extrahier* aufraum* raum optimier* verbesser* vereinfach* vervollstandig*',
  explain: 'erklar* beschreib* erlauter* verdeutlich* fuhr_mich',
  document: 'ubersetz* formulier* dokumentier* kommentier* zusammenfass* fass fasse umformulier*',
  check:
    'prufe* pruf* uberpruf* analysier* such* find* untersuch* review* kontrollier* bewert* identifizier* ermittle* zeig_wo schau',
  reason: 'vergleich* plan plane planen entwirf entwerf* empfehl* empfiehl* schlag schlage vorschlag*',
  show: 'zeig* gib gebe nenn* sag',
  prose:
    'gedicht* geschicht* ubersicht* dokumentation* doku readme kommentar* anleitung* changelog* beschreibung* zusammenfassung* handbuch* artikel* leitfaden* hinweis* versionshinweis* docstring*',
  plan: 'plan strategie* architektur* ansatz* entwurf* konzept_fur vorschlag* vorschlage alternative* vorteile nachteile',
  finding:
    'bug* problem* sicherheitslucke* lucke* schwachstelle* leck* speicherleck* ursache* engpass* risik* verwendung*',
  workspace: 'repo repository projekt* codebasis*',
  why: 'warum wieso weshalb woran',
  how: 'wie',
  what: 'was',
  where: 'wo wer woher wem wohin',
  which: 'welche* welches welcher',
  auxiliary: 'ist sind war waren hat haben kann kannst',
  modal: 'soll sollte sollten sollen muss mussen mochte will',
  or: 'oder vs',
  choice: 'besser lieber lohnt wann_sollte wann_lohnt',
  preposition: 'fur von in im mit zu zum zur bei uber',
  definite: 'der die das den dem des',
  indefinite: 'ein eine einen einem',
  this: 'dies* diese* diesem hier folgend* obige* aktuelle* ausgewahlt* markiert*',
  our: 'unser* wir uns',
  my: 'mein* meine*',
  me: 'ich mir',
  skip: 'bitte hallo danke kannst_du kannst_du_bitte konntest_du konnen_sie konnten_sie ich_mochte ich_brauche jetzt',
  failure:
    'fehler* fehlschlag* schlagt absturz* sturzt kaputt hangt falsch* fehlt fehlen langsam* nicht_mehr geht_nicht funktioniert_nicht',
  and: 'und',
  works: 'funktionier* geht lauft',
  goAhead: 'mach_das mach_es leg_los',
  persona: 'du_bist sie_sind',
  any: 'irgendwo irgendwelche',
  message: 'nachricht* mail* brief anschreiben',
  hard: 'sicherheit* leistung* speicherleck* architektur* migrier* nebenlaufig*',
  scope: 'alle gesamte*',
} as const satisfies Cues;

/** French. Own collection. */
export const FR = {
  make: 'ecris ecrire ecrivez redige* cree* creer genere* construi* implemente* ajout* code* coder developp*',
  change:
    'corrige* repare* refactor* renomme* change* converti* migre* porte* remplace* supprime* enleve* retire* deplace* extrai* nettoie* nettoyer optimise* ameliore* simplifie* complete* modifie* adapte* reecri* resou* active*',
  explain: 'expliqu* decri* detaill* clarifi* presente*',
  document: 'tradui* document* comment_le commentez commente* resume* reformul*',
  check:
    'verifi* analys* cherch* trouv* examin* inspect* controle* evalu* identifi* audit* detect* diagnosti* regarde*',
  reason: 'compar* conceva* concois concevoir planifi* propos* recommand* suggere* choisi* decid* pese*',
  show: 'montre* donne* dis liste nomme',
  prose:
    'histoire* poeme* documentation* readme commentaire* guide* tutoriel* changelog* description* resume article* note notes',
  plan: 'plan strategie* architecture* approche* conception* proposition* alternative* avantage* inconvenient* recommandation* estimation*',
  finding: 'bug* probleme* faille* vulnerabilit* fuite* cause* goulot* risque* amelioration* utilisation* erreur*',
  workspace: 'repo depot* projet* branche*',
  why: 'pourquoi qu_est-ce_qui_cause d_ou_vient',
  how: 'comment',
  what: 'qu_est-ce_que qu_est-ce que_fait que_font que_signifie quoi quelle_est',
  where: 'ou_est ou_sont ou_se qui_appelle ou_sont_',
  which: 'quel quelle quels quelles',
  auxiliary: 'est sont etait a_t peut peux puis peut-on a-t-il',
  modal: 'devrait doit devrais devrions faut dois veux voudrais',
  or: 'vs ou_bien',
  choice: 'mieux meilleur* plutot quand_utiliser vaut-il vaut_mieux',
  preposition: 'pour de du des dans en avec sur par a',
  definite: 'le la les l',
  indefinite: 'un une',
  this: 'ce cet cette ces ici ceci cela ci-dessous ci-dessus',
  our: 'notre nos nous',
  my: 'mon ma',
  me: 'je j',
  skip: 's_il_te_plait s_il_vous_plait stp svp bonjour salut merci peux-tu pouvez-vous pourrais-tu pourriez-vous',
  failure:
    'erreur* echoue* echec plante* bloque* casse* lent* incorrect* manqu* faux invalide* ne_marche_pas ne_fonctionne_pas',
  and: 'et puis',
  works: 'fonctionne* marche* sert',
  goAhead: 'fais-le vas-y continue',
  persona: 'tu_es vous_etes',
  any: 'quelque quelqu_un',
  message: 'e-mail courriel lettre message',
  hard: 'securite fuite* performance* architecture* faille*',
  scope: 'tout tous toutes',
} as const satisfies Cues;

/** Spanish and Portuguese, which share most stems; Italian leans on them too. Own collection. */
export const ES_PT = {
  make: 'scriv* escrib* escrev* crea cria* crie cree genera* ger* haz gera hacer faca fazer implement* faz agreg* constru* anad* desarroll* adicion* program* acrescent* redact* desenvolv* prepar*',
  change:
    'arregl* corrij* corrig* correg* consert* refactor* arrum* renombr* refator* cambi* convert* renome* convierte* mud* migr* alter* port reemplaz* elimin* borra* substitu* quita* remov* muev* apag* extra* mov* optimiz* limp* mejor* otimiz* simplific* melhor*',
  explain: 'spieg* explic* expliq* describ* detall* descrev* aclar* detalh* esclarec*',
  document: 'document* coment* resum* reformul* traduc* traduz*',
  check:
    'revis* analiz* analis* busca* procur* encuentr* encontr* ache examin* inspeccion* inspecion* verifi* cheque* comprueb* checa* comprob* confira evalu* conferir avali* audit* identifi*',
  reason:
    'compar* disen* projet* planific* planej* recomiend* propo* recomend* sugier* sugir* sugerir sugere elig* escolh* elegir decid* escog* discut*',
  show: 'muestr* mostr* dame de di diga dime liste lista nomeie',
  prose:
    'poema* historia* cuento documentacion* documentacao doc docs readme comentario* guia* tutorial* changelog* descripcion* descricao resumen* resumo* articulo* artigo*',
  plan: 'plan estrategia* arquitectura* arquitetura* enfoque* abordage* diseno* projeto_de propuesta* proposta* alternativa* ventaja* vantage*',
  finding: 'bug* problema* vulnerabilidad* fuga* vazamento* causa* gargalo* cuello* risco* riesgo* melhoria*',
  workspace: 'repo proyecto* projeto*',
  why: 'perche por_que porque',
  how: 'como',
  what: 'que o_que que_hace que_faz que_es o_que_e que_son o_que_faz que_significa qual_e',
  where: 'dove donde onde quien quem em_que_arquivo',
  which: 'cual qual quais',
  auxiliary: 'es e son sao esta era hay tem puede ha pode',
  modal: 'debe deve debo devo quiero quero quisiera gostaria',
  choice: 'vs mejor melhor o ou preferible preferivel quando_usar cuando_usar',
  preposition: 'para de del do en da con dos sobre das por em a no',
  definite: 'el o la a los os las as',
  indefinite: 'un um una uma',
  this: 'este esta_funcion esta_funcao esta_clase esta_classe esto isto isso estas esse aqui essa siguiente* actual* seleccionad*',
  our: 'nuestr* noss* nosotros nos',
  my: 'mi meu mis minha',
  me: 'yo eu me',
  skip: 'por_favor hola ola gracias oi obrigad* voce_pode puede voce_poderia podria poderia me_puedes pode_me',
  failure:
    'erro fall* falh* rompe* quebr* roto trav* cuelg* lent* bloque* incorret* errad* incorrect* falta* invalid* mal nao_funciona nao',
  and: 'y e depois',
  works: 'funciona* sirve serve',
  goAhead: 'hazlo faca_isso adelante pode_fazer',
  persona: 'eres voce_e',
  any: 'algun* algum* alguien alguem',
  message: 'correo* carta e-mail mensaje* mensagem',
  hard: 'seguridad seguranca fuga vazamento rendimiento desempenho arquitectura arquitetura vulnerabilidad*',
  scope: 'todo* toda*',
} as const satisfies Cues;
