import type { Cues } from './cue-kinds.js';

/** English; forms (-s, -ed, -ing, plurals) are derived. Own collection. */
export const EN = {
  make: 'write create generate make build implement add code produce craft compose draft develop scaffold construct set_up setup insert include introduce put whip_up author plot draw define declare come_up_with provide fill_out fill_in',
  change:
    'fix refactor rename change convert migrate port update replace remove delete drop move extract split merge bump upgrade rewrite optimize optimise improve simplify clean tidy handle support use enable disable install configure wire hook_up reformat lint debug resolve repair patch complete finish continue modify edit extend reduce inline swap switch turn transform translate roll_back restore apply integrate connect get_rid_of make_sure ensure allow let prevent avoid stop keep accept limit restrict require set increase decrease speed toggle correct expose',
  do: 'perform get calculate return read upload debounce cache mock test run sum sort output',
  explain:
    'explain breaks_down describe clarify illustrate elaborate walk_me_through talk_me_through tell_me_about tell_me_how break_down eli5 interpret understand teach_me',
  document:
    'document comment annotate write_up write_down say phrase word reword rephrase proofread summarize summarise paraphrase tldr doc open_an_issue create_an_issue an_issue_opened',
  check:
    'review analyze analyse lgtm audit check find identify inspect detect verify investigate look look_at look_into look_for take_a_look go_to go_over go_through trace diagnose profile evaluate assess locate search scan examine spot determine pinpoint hunt confirm count grep measure double_check sanity_check figure_out find_out tell_me_if tell_me_whether tell_me_what tell_me_why tell_me_where tell_me_which see_if list_all find_all show_all point_out flag check_if check_whether code_review see_anything notice_anything',
  reason:
    'compare design architect plan propose recommend suggest choose decide pick weigh argue brainstorm estimate discuss think consider prioritize prioritise justify advise debate contrast outline imagine convince sketch suppose help_me_decide help_me_choose think_through lay_out',
  show: 'show give give_me list tell share name report can_i_get can_i_have can_we_get',
  prose:
    'readme doc documentation docstring jsdoc javadoc tsdoc changelog wiki guide tutorial manual runbook faq diagram glossary handbook walkthrough cheat_sheet release_note commit_message pr_description pull_request_description user_story postmortem rfc man_page quickstart bug_report wording contributing git_commit api_reference adr migration_guide migration_notes deprecation_notice blog_post essay story poem haiku speech newsletter resume mermaid bio joke',
  message:
    'email e-mail mail message post posting job_posting letter reply announcement tweet notice notification entry memo invitation',
  text: 'comment article title note description text markdown headline tagline introduction section heading chapter explanation overview summary paragraph sentence talk instructions requirement specification apology grammar spelling ticket commit typo quote phrase feature_request content',
  code: 'test function class method component script query regex endpoint page field table parser program module',
  plan: 'plan way strategy design architecture approach roadmap estimate proposal trade-off tradeoff pros_and_cons pros cons downside upside alternative recommendation step idea choice decision limitation implication reason rollout priority opinion thought advice best_practice data_structure our_options options_for options_do',
  finding:
    'bug error problem vulnerability leak race_condition risk hole bottleneck cause root_cause smell impact injection flaw mistake improvement inconsistency issue regression usage reference caller occurrence dead_code duplication exploit xss idor csrf deadlock n+1 memory_leak edge_case gap violation culprit time_complexity output warning audit review assessment finding code_review side_effect unused',
  concept:
    'concept dependency_injection memory_management design_pattern static_typing lifecycle algorithm pattern principle difference theory meaning paradigm advantage disadvantage benefit drawback convention purpose_of normalization polymorphism inheritance closure recursion idempotent consistency garbage_collection event_loop protocol standard definition_of',
  workspace:
    'repo repository codebase code_base workspace branch pr staged diff staged_diff pull_request merge_request working_tree this_project our_project the_project',
  why: 'why how_come what_causes what_triggered what_makes the_reason',
  how: 'how',
  what: 'what whats what_is what_are',
  where: 'where who whose wheres whos',
  which: 'which',
  auxiliary:
    'is are was were am does do did doesnt dont didnt isnt arent has have had hasnt havent can could cant couldnt will would wont may might been being',
  modal:
    'should_be need would_be_nice i_want_to i_need_to id_like_to i_would_like_to we_need_to we_want_to want_to i_am_trying_to trying_to looking_for should shouldnt must needs need_to needs_to has_to have_to supposed_to want wants instead_of instead too',
  or: 'or vs versus rather_than',
  choice:
    'better best worth overkill preferable recommended preferred suitable sense make_sense makes_sense good_idea bad_idea pros_and_cons viable suit fit fits suits win wins suited appropriate easier enough belong belongs anything_against regret pay_off',
  preposition:
    'for of in that with about on at from into onto who using via by between as when if such inside within without across under over against per than because while after before during until through like along based whenever around above besides out off up',
  definite: 'the',
  indefinite: 'a an another some one new',
  this: 'this these here selected selection current above below following provided attached pasted highlighted existing',
  our: 'our ours us',
  we: 'we',
  my: 'my mine',
  you: 'you u your',
  me: 'i me im ive',
  skip: 'please pls hi hello hey ok so well now also just next lets thanks thank sure yes actually basically simply maybe first finally second help_me help_us i_want_you_to i_would_like_you_to can_you could_you would_you will_you can_someone try_to try your_task_is_to task todo again let_me',
  failure:
    'fail fails failing failed failure crash crashes crashed crashing breaks broke broken hang hangs hung freezes frozen stuck flicker flickers slow slower wrong incorrect invalid missing exception error_when error_on bug_in not_working doesnt_work cannot cant wont doesnt didnt isnt unable unexpected weird strange undefined timeout timeouts timed_out throws threw denied refused ignored ignores lost loses stale flaky panics segfault out_of_memory blank no_longer never stopped duplicated complains spike spikes overflow overflows not_found nothing overlaps drops cut_off',
  and: 'and & then plus but',
  works: 'work works working happen happens function',
  to: 'to',
  goAhead: 'do_it go_ahead proceed do_that implement_it do_the_same make_that_change sounds_good',
  persona:
    'you_are youre act_as i_want_you_to_act_as imagine_you_are pretend as_a_senior youll_be your_role i_will_provide',
  any: 'any anything anyone anywhere somebody something everything',
  plain: 'it its there they them not no all each every more most other',
  scope:
    'all every across whole entire everywhere codebase repository repo throughout each multiple comprehensive complete project-wide',
  hard: 'concurrency concurrent race deadlock distributed consistency scale scalable performance latency throughput security secure encryption authentication authorization migration migrate architecture compiler memory leak transaction real-time streaming parallel protocol algorithm optimize audit idor injection xss csrf gpu model monolith microservices fraud n+1',
  easy: 'typo rename bump format reformat spelling indentation simple simply basic small minimal one-liner semicolon title todo import unused line short snippet comment docstring quick sum sentence',
} as const satisfies Cues;
