import type { Cues } from './cue-kinds.js';

/** German: stems for inflection and compounds. Own collection. */
export const DE = {
  make: 'schreib* erstell* erzeug* generier* bau baue bauen implementier* leg_an anlegen hinzufug* fug fuge fugen einfug* mach mache machen entwickl* programmier* entwerf_code setz* formulier* verfass* ergänz* erganz* brauche brauchen',
  change:
    'fix* behebe* beheb* reparier* korrigier* refaktor* refactor* umbenenn* benenn* ander* verander* konvertier* migrier* portier* aktualisier* ersetz* entfern* losch* verschieb* extrahier* aufraum* raum optimier* verbesser* vereinfach* vervollstandig* anpass* pass passe passen umbau* umstell* stell stelle stellen umschreib* lose losen los wandle wandeln umwandel* einbau* aktivier* deaktivier* kurz* teil teile aufteil* zerleg* bereinig* integrier* mach_schneller vermeid* sorge sorg',
  do: 'berechn* ausgeb* gib_aus lies lade speicher* sortier* filter* fuhr* starte installier* teste testen rufe parse* validier* sende',
  explain: 'erklar* beschreib* erlauter* verdeutlich* fuhr_mich',
  document: 'dokumentier* kommentier* zusammenfass* fass fasse umformulier* ubersetz* lektorier*',
  check:
    'prufe* pruf* uberpruf* analysier* such* find* untersuch* review* kontrollier* bewert* identifizier* ermittle* zeig_wo schau schauen guck checke* verifizier* diagnostizier* begutacht* durchsuch* liste',
  reason:
    'vergleich* plan plane planen entwirf entwerf* empfehl* empfiehl* schlag schlage vorschlag* entscheid* abwag* wag wage diskutier* uberleg* schatz* begrund* argumentier* skizzier* priorisier* design*',
  show: 'zeig* gib gebe nenn* sag sage hilf',
  verbNoun:
    'plan liste design* review* find* filter* fix* such* erklar* beschreib* bewert* zusammenfass* vergleich* entscheid* schatz* ander*',
  prose:
    'dokumentation* doku readme kommentar* anleitung* changelog* beschreibung* zusammenfassung* handbuch* artikel* leitfaden* hinweis* versionshinweis* docstring* bericht* text* satz satze absatz* absatze email mail nachricht* commit-nachricht* commit-message* erklarung* ubersicht* protokoll* formulierung* pr-beschreibung* einleitung* kapitel*',
  code: 'funktion* klasse* methode* komponente* skript* script* test* endpunkt* abfrage* modul* seite* feld* spalte* tabelle* konfiguration* befehl* programm* anwendung* app dienst* datei* ordner* schnittstelle* variable* schleife* code quellcode* schaltflache* formular* liste* regex* fehlerbehandlung* validierung* datenbank* parameter* unit-test* typ typen bibliothek* server* client* index login* worker build* pipeline* ausdruck',
  plan: 'plan strategie* architektur* ansatz* entwurf* konzept_fur vorschlag* vorschlage alternative* vorteile nachteile vor-_und_nachteile empfehlung* schatzung* roadmap* option* weg_um idee* datenstruktur* vorgehen* kompromiss* schritte',
  finding:
    'bug* problem* sicherheitslucke* lucke* schwachstelle* leck* speicherleck* ursache* engpass* risik* verwendung* verbesserung* laufzeitkomplexitat* unstimmigkeit* nebenwirkung*',
  concept: 'konzept* algorithmus* muster* prinzip* unterschied* grundlage* theorie* bedeutung* begriff*',
  workspace: 'repo repository projekt* codebasis* branch',
  why: 'warum wieso weshalb woran wodurch',
  how: 'wie',
  what: 'was',
  where: 'wo wer woher wem wohin',
  which: 'welche* welches welcher',
  auxiliary: 'ist sind war waren hat haben kann kannst konnt* werden wird wurde wurden hatte gibt_es darf bin',
  modal: 'soll sollte sollten sollen muss mussen mochte will wollen statt anstatt stattdessen',
  choice: 'oder vs besser lieber lohnt sinnvoll geeigneter beste besten',
  preposition:
    'fur von in im mit zu zum zur bei uber aus auf an am nach die_alle der_die das_die dass wenn ob um unter zwischen ohne durch als damit',
  definite: 'der die das den dem des',
  indefinite: 'ein eine einen einem einer eines',
  this: 'dies* diese* diesem hier folgend* obige* aktuelle* ausgewahlt* markiert* bestehende* unten',
  our: 'unser* wir uns',
  my: 'mein* meine*',
  me: 'ich mir mich man',
  skip: 'bitte hallo danke kannst_du kannst_du_bitte konntest_du konnen_sie konnten_sie ich_mochte ich_brauche jetzt mal doch noch auch dann ok hilf_mir mir uns_bitte einfach du',
  failure:
    'fehler* fehlschlag* schlagt absturz* sturzt kaputt hangt falsch* fehlt fehlen langsam* nicht_mehr geht_nicht funktioniert_nicht klappt_nicht nicht bricht leer doppelt* haufig flackert ausnahme exception kein keine nie manchmal abgeschnitten lauft_nicht',
  and: 'und',
  works: 'funktionier* geht lauft arbeitet',
  goAhead: 'mach_das mach_es leg_los weiter mach_weiter setz_das_um ja_bitte genauso_fur',
  persona: 'du_bist sie_sind handle_als agiere_als stell_dir_vor',
  any: 'irgendwo irgendwelche jemand etwas irgendein*',
  plain: 'es er sie sich seit gestern alle alles so nur auch',
} as const satisfies Cues;

/** French. Own collection. */
export const FR = {
  make: 'ecris ecrire ecrivez redige* cree* creer genere* construi* implemente* ajout* code* coder developp* fais faire fabrique* mets mettre insere* produi* prepare* besoin_d_un',
  change:
    'corrige* repare* refactor* renomme* change* converti* migre* porte* remplace* supprime* enleve* retire* deplace* extrai* nettoie* nettoyer optimise* ameliore* simplifie* complete* modifie* adapte* reecri* resou* active* desactive* transforme* decoupe* passe* passer utilise* met_a_jour mets_a_jour mettre_a_jour mise_a_jour rend rends rendre gere* evite* factorise* permet*',
  do: 'calcule* affiche* lis lire charge* enregistre* trie* filtre* execute* lance* installe* envoie* recupere* valide*',
  explain: 'expliqu* decri* detaill* clarifi* presente*',
  document: 'document* comment_le commentez commente* resume* reformul* traduis traduire relis relire',
  check:
    'verifi* analys* cherch* trouv* examin* inspect* controle* evalu* identifi* audit* detect* diagnosti* regarde* repere* localis* liste* lister recherche* passe_en_revue',
  reason:
    'compar* conceva* concois concevoir planifi* propos* recommand* suggere* choisi* decid* pese* discut* estim* argument* justifi* prioris* conseill*',
  show: 'montre* donne* dis liste nomme aide*',
  verbNoun: 'code* document* liste* recherche* resume* test* porte* controle* audit* code',
  prose:
    'documentation* doc docs readme commentaire* guide* tutoriel* changelog* description* resume article* note notes manuel* docstring* rapport* texte* phrase* paragraphe* mail email message* message_de_commit journal explication* notice introduction annonce',
  code: 'fonction* classe* methode* composant* script* test* endpoint* requete* module* page* champ* colonne* table* configuration* commande* programme* application* service* fichier* dossier* interface* variable* boucle* code bouton* formulaire* regex* expression* base_de_donnees bibliotheque* parametre* serveur* client* constante* gestion_d_erreurs gestion_des_erreurs build worker',
  plan: 'plan strategie* architecture* approche* conception* proposition* alternative* avantage* inconvenient* recommandation* estimation* option* idee* structure_de_donnees etapes compromis choix',
  finding:
    'bug* probleme* faille* vulnerabilit* fuite* cause* goulot* risque* amelioration* utilisation* erreur* complexite* anomalie* incoherence*',
  concept: 'concept* algorithme* principe* difference* bases theorie* notion* signification* motif*',
  workspace: 'repo depot* projet* branche*',
  why: 'pourquoi qu_est-ce_qui_cause d_ou_vient',
  how: 'comment',
  what: 'qu_est-ce_que qu_est-ce que_fait que_font que_signifie qu_est-ce_qu quoi c_est_quoi quel_est quelle_est',
  where: 'ou_est ou_sont ou_se qui_appelle ou_sont_ ou_sont qui',
  which: 'quel quelle quels quelles lequel laquelle',
  auxiliary: 'est sont etait a_t peut peux puis peut-on est-ce_que est-ce est-il ont y_a-t-il y_a',
  modal: 'devrait doit devrais devrions faut dois veux voudrais faut-il vaut-il doivent devrait-on dois-je au_lieu',
  choice: 'vs mieux meilleur* plutot ou_bien ou preferable vaut_mieux vaut-il_mieux',
  preposition: 'pour de du des dans en avec sur par a au aux sans entre qui quand si sous vers chez lorsque d',
  definite: 'le la les l',
  indefinite: 'un une',
  this: 'ce cet cette ces ici ceci cela ci-dessous ci-dessus suivant* actuel* selection* existant*',
  our: 'notre nos nous on',
  my: 'mon ma mes',
  me: 'je j me moi',
  skip: 's_il_te_plait s_il_vous_plait stp svp bonjour salut merci peux-tu pouvez-vous pourrais-tu pourriez-vous tu_peux j_aimerais je_voudrais maintenant aussi puis aide-moi_a aide_moi_a aidez-moi_a moi il_faut',
  failure:
    'erreur* echoue* echec plante* bloque* casse* lent* incorrect* manqu* faux invalide* ne_marche_pas ne_fonctionne_pas ne_fonctionne_plus ne_marche_plus pas plus vide double* n_est_pas disparait rien jamais',
  and: 'et puis',
  works: 'fonctionne* marche* sert',
  goAhead: 'fais-le vas-y continue applique-le fais_le oui_vas-y pareil_pour',
  persona: 'tu_es vous_etes agis_comme imagine_que_tu',
  any: 'quelque quelqu_un quelconque',
  plain: 'il elle se ne y en c depuis',
} as const satisfies Cues;

/** Spanish. Own collection. */
export const ES = {
  make: 'escrib* crea crear cree genera* haz hacer construy* implement* agreg* anad* desarroll* program* redact* prepar* pon poner inserta* incluy* necesito_un necesito_una quiero_un',
  change:
    'arregl* corrig* correg* refactor* renombr* cambi* convert* convierte* migr* port reemplaz* elimin* borra* quita* muev* extra* limpi* optimiz* mejor* simplific* complet* modific* adapt* reescrib* resuelv* resolver soluciona* activ* desactiv* transform* divid* actualiz* usa usar pasa pasar permit* evita* haz_que integr* soport*',
  do: 'calcul* imprim* lee leer carga* guard* orden* filtr* ejecut* instal* envia* obten* valid* muestra_en',
  explain: 'explic* describ* detall* aclar* explica*',
  document: 'document* coment* resum* reformul* traduc* redacta_mejor',
  check:
    'revis* analiz* busca* encuentr* encontrar examin* inspeccion* verific* verifiq* comprueb* comprob* evalu* identific* audit* detect* diagnostic* mira* localiz* lista* averigu* rastre*',
  reason:
    'compar* disen* planific* propon* recomiend* recomend* sugier* sugerir elig* elegir escog* decid* discut* estim* argument* justific* prioriz* aconsej*',
  show: 'muestr* dame di dime lista nombra ayud*',
  verbNoun: 'document* coment* program* lista* resum* prueba* orden* audit* disen*',
  prose:
    'documentacion* doc docs readme comentario* guia* tutorial* changelog* descripcion* resumen* articulo* nota notas manual* docstring* informe* texto* frase* parrafo* correo* mensaje* mensaje_de_commit explicacion* instrucciones',
  code: 'funcion* clase* metodo* componente* script* test* prueba* endpoint* consulta* modulo* pagina* campo* columna* tabla* configuracion* comando* programa aplicacion* servicio* archivo* fichero* carpeta* interfaz* variable* bucle* codigo boton* formulario* regex expresion* base_de_datos biblioteca* parametro* servidor* cliente* constante* manejo_de_errores build worker',
  plan: 'plan estrategia* arquitectura* enfoque* diseno* propuesta* alternativa* ventaja* desventaja* recomendacion* estimacion* opcion* idea* estructura_de_datos pasos pros',
  finding:
    'bug* problema* vulnerabilidad* fuga* fugas causa* cuello* riesgo* mejora* mejoras uso usos fallo* errores complejidad* agujero*',
  concept: 'concepto* algoritmo* patron* principio* diferencia* fundamentos teoria* nocion* significado',
  workspace: 'repo repositorio* proyecto* rama',
  why: 'por_que porque_falla a_que_se_debe',
  how: 'como',
  what: 'que que_hace que_es que_son que_significa cual_es cuales_son',
  where: 'donde quien quienes',
  which: 'cual cuales',
  auxiliary: 'es son esta estan era hay puede pueden puedes puedo se_puede ha han fue tiene',
  modal: 'deberia deberiamos debe debo quiero quisiera hay_que deberian en_vez en_lugar tengo_que conviene',
  choice: 'vs mejor o preferible vale_la_pena o_mejor',
  preposition: 'para de del en con sobre por a al sin entre cuando si bajo hacia desde',
  definite: 'el la los las',
  indefinite: 'un una unos unas',
  this: 'este esta_funcion esta_clase esto estos estas aqui siguiente* actual* seleccionad* abajo esta_linea esta_consulta este_codigo existente*',
  our: 'nuestr* nosotros',
  my: 'mi mis',
  me: 'yo me',
  skip: 'por_favor hola gracias puedes podrias puede podria me_puedes me_podrias quiero_que necesito_que ahora tambien luego ayudame_a quisiera te_pido',
  failure:
    'error fall* rompe* roto cuelg* bloque* lent* incorrect* falta* mal invalid* no_funciona no_anda no_sirve no vacio* duplicad* nunca deja_de',
  and: 'y e luego',
  works: 'funciona* sirve',
  goAhead: 'hazlo adelante continua aplicalo dale si_hazlo lo_mismo_para',
  persona: 'eres actua_como imagina_que_eres',
  any: 'algun* alguien algo',
  plain: 'se lo le su ya muy que',
} as const satisfies Cues;

/** Portuguese. Own collection. */
export const PT = {
  make: 'escrev* cria* crie criar ger* gera faca fazer faz constru* implement* adicion* acrescent* desenvolv* program* redij* redig* prepar* coloc* inser* inclu* preciso_de_um preciso_de_uma',
  change:
    'corrij* corrig* consert* arrum* refator* refactor* renome* mud* alter* convert* migr* porte substitu* remov* apag* mov* extra* limp* otimiz* melhor* simplific* complet* modific* adapt* reescrev* resolv* ativ* desativ* transform* divid* atualiz* us* passe permit* evit* integr* suport* troc* ajust*',
  do: 'calcul* imprim* leia ler carreg* salv* orden* filtr* execut* instal* envi* obten* valid* rode rodar busque_dados',
  explain: 'expliq* explic* descrev* detalh* esclarec*',
  document: 'document* coment* resum* reformul* traduz*',
  check:
    'revis* analis* procur* encontr* ache examin* inspecion* verifi* cheque* checa* confira conferir avali* identifi* audit* detect* diagnostic* olh* localiz* list* descubra rastre* busque busca',
  reason:
    'compar* projet* planej* propon* propo* recomend* sugir* sugere escolh* decid* discut* estim* argument* justifi* prioriz* aconselh*',
  show: 'mostr* de diga liste nomeie ajud*',
  verbNoun: 'document* coment* program* list* resum* test* orden* projet* teste',
  prose:
    'documentacao doc docs readme comentario* guia* tutorial* changelog* descricao resumo* artigo* nota notas manual* docstring* relatorio* texto* frase* paragrafo* e-mail email mensage* mensagem_de_commit explicacao instrucoes',
  code: 'funcao funcoes classe* metodo* componente* script* teste* endpoint* consulta* modulo* pagina* campo* coluna* tabela* configuracao comando* programa aplicacao aplicativo servico* arquivo* pasta* interface* variave* laco* codigo botao formulario* regex expressao banco_de_dados biblioteca* parametro* servidor* cliente* constante* tratamento_de_erros build worker query',
  plan: 'plano* estrategia* arquitetura* abordage* projeto_de proposta* alternativa* vantage* desvantage* recomendacao estimativa* opcao opcoes ideia* estrutura_de_dados passos',
  finding:
    'bug* problema* vulnerabilidade* vazamento* causa* gargalo* risco* melhoria* uso usos falha* erros complexidade brecha*',
  concept: 'conceito* algoritmo* padrao padroes principio* diferenca* fundamentos teoria* nocao significado',
  workspace: 'repo repositorio* projeto* branch',
  why: 'por_que porque por_qual_motivo',
  how: 'como',
  what: 'o_que que_faz o_que_e o_que_faz qual_e o_que_significa',
  where: 'onde quem em_que_arquivo em_qual_arquivo',
  which: 'qual quais',
  auxiliary: 'e sao esta estao era tem ha pode podem posso da_para consigo foi',
  modal: 'deveria devemos deve devo quero gostaria precisa deveriam em_vez_de ao_inves tenho_que',
  choice: 'vs melhor ou preferivel vale_a_pena',
  preposition: 'para de do da dos das em no na nos nas com sobre por sem entre quando se sob ate pelo pela',
  definite: 'o a os as',
  indefinite: 'um uma uns umas',
  this: 'este esta_funcao esta_classe isto isso esse essa estes estas aqui seguinte* atual* selecionad* abaixo essa_funcao esse_codigo este_codigo neste nesta nesse nessa existente*',
  our: 'noss* nos',
  my: 'meu minha meus minhas',
  me: 'eu me',
  skip: 'por_favor ola oi obrigad* voce_pode voce_poderia poderia pode_me quero_que preciso_que agora tambem depois me_ajude_a gostaria_que',
  failure:
    'erro falh* quebr* trav* lent* incorret* errad* falta* invalid* nao_funciona nao vazio* duplicad* nunca para_de parou',
  and: 'e depois',
  works: 'funciona* serve',
  goAhead: 'faca_isso pode_fazer continue aplique manda_ver sim_faca mesmo_para',
  persona: 'voce_e aja_como atue_como imagine_que_voce',
  any: 'algum* alguem algo',
  plain: 'se lhe seu ja muito que nao',
} as const satisfies Cues;

/** Italian: the commonest words only. Own collection. */
export const IT = {
  make: 'scrivi scrivere crea creare genera* implementa* aggiung* sviluppa* fai costruisci prepara*',
  change:
    'correggi correggere sistema rinomina* cambia* converti* migra* sostituisci rimuovi elimina* sposta* estrai pulisci ottimizza* migliora* semplifica* completa* modifica* riscrivi risolvi aggiorna* usa',
  explain: 'spiega* descrivi descrivere illustra*',
  document: 'documenta* commenta* riassumi traduci',
  check: 'controlla* analizza* cerca* trova* verifica* esamina* valuta* individua* rivedi identifica*',
  reason: 'confronta* progetta* pianifica* proponi consiglia* suggerisci scegli* decidi',
  show: 'mostra* dammi elenca* dimmi',
  prose:
    'documentazione readme commento commenti guida* tutorial changelog descrizione riassunto nota note manuale articolo messaggio testo',
  code: 'funzione funzioni classe metodo componente script test endpoint modulo pagina campo colonna tabella configurazione comando programma applicazione servizio file cartella variabile ciclo codice pulsante query',
  plan: 'piano strategia architettura approccio proposta alternative vantaggi svantaggi',
  finding: 'bug problema problemi vulnerabilita perdita causa rischio rischi errori miglioramenti',
  concept: 'concetto algoritmo principio differenza differenze teoria',
  workspace: 'repo progetto',
  why: 'perche',
  how: 'come',
  what: 'cosa che_cosa cos_e cosa_fa',
  where: 'dove chi',
  which: 'quale quali',
  auxiliary: 'e sono puo puoi possiamo posso c_e ci_sono ha',
  modal: 'dovrei dovremmo deve voglio conviene',
  choice: 'meglio o oppure vs',
  preposition: 'per di del della dei in nel nella con su sul sulla da senza tra quando se',
  definite: 'il lo la i gli le l',
  indefinite: 'un una uno',
  this: 'questo questa questi queste qui seguente attuale',
  our: 'nostro nostra nostri noi',
  my: 'mio mia miei',
  skip: 'per_favore ciao grazie puoi potresti ora anche',
  failure: 'errore fallisce rotto lento sbagliato manca non_funziona non blocca',
  and: 'e poi',
  works: 'funziona*',
  goAhead: 'fallo procedi continua vai',
} as const satisfies Cues;
