import { type Shape, shapeOf } from './shape.js';
import type { Token } from './tokens.js';

/** What a clause does: orders, asks in one of several ways, complains, wishes or states. */
export type Act =
  | 'order'
  | 'why'
  | 'howTo'
  | 'howDoes'
  | 'howMuch'
  | 'whatIs'
  | 'whatDoes'
  | 'whatIf'
  | 'whatWrong'
  | 'which'
  | 'where'
  | 'choose'
  | 'yesNo'
  | 'can'
  | 'complaint'
  | 'wish'
  | 'goAhead'
  | 'statement';

/** [roles, text, act]: the first rule whose patterns both fit decides. Roles are the letters of `ROLES`. */
type Rules = readonly (readonly [RegExp, RegExp | null, Act])[];

const ANY = /^/;

// Of the clause from its question word on.
const QUESTIONS: Rules = [
  [/^y/, /\bneed\b/, 'choose'],
  [/^y/, null, 'why'],
  [/^h./, /^how (?:\S+ )?(?:should|would you|will you)\b/, 'choose'],
  [/^h(?:2|x?[iez])/, null, 'howTo'],
  [/^h[^x]{1,2}x/, null, 'howMuch'],
  [/^h/, null, 'howDoes'],
  [/^[lkw].*o|^l.{0,2}[im]|^l.?.?z.{0,2}$/, null, 'choose'],
  [/^[lkw].*m/, /\bshould\b/, 'choose'],
  [/^l/, null, 'where'],
  [/^k/, null, 'which'],
  [ANY, /^what (?:would|could|might) .*\b(?:you|i|way|step|approach|option)\b/, 'choose'],
  [ANY, /^\S+(?: \S+){0,3} if\b|^what (?:would|could|might|will|happens|breaks|else)\b/, 'whatIf'],
  [
    ANY,
    /^what (?:do|does|did|doest|is|are) .*\b(?:do|mean|means|doing|represent|achieve)\b|^whats? (?:is |are )?in\b|^wh.* for$/,
    'whatDoes',
  ],
  [ANY, /^\S+(?: \S+){0,2} (?:purpose|purpose of|meaning|role|job|point|idea|responsib\w+)\b/, 'whatDoes'],
];

const REST: Rules = [
  [/^m/, /^shouldn?t? be\b/, 'wish'],
  [/^m/, /^shouldn?t?\b/, 'choose'],
  [/^px.*[dutj]/, /^when (?!w?c?s?h?ould)/, 'where'],
  [/^p[xm]/, /^when\b/, 'choose'],
  [/^g/, null, 'goAhead'],
];

const YES_NO: Rules = [
  [ANY, /^(?:do|are|did|have|were) you\b/, 'choose'],
  [/^xz/, null, 'order'],
  [ANY, /^do(?:nt|esnt)\b/, 'statement'],
  [/^x.*o|^x.*\|x|^x.{0,7}\|.{0,6}$/, null, 'choose'],
  [/^x..?.?m/, /\b(?:need|have to)\b/, 'choose'],
  [ANY, /^(?:can|could|may)\b/, 'can'],
  [ANY, null, 'yesNo'],
];

function pick(rules: Rules, { roles, text }: Shape): Act | undefined {
  return rules.find(([r, t]) => r.test(roles) && (t === null || t.test(text)))?.[2];
}

/** What a clause does. */
export function actOf(shape: Shape, tokens: readonly Token[], first: boolean): Act {
  if (shape.language !== 'en') return foreignAct(shape);
  const { roles, nouns, asked } = shape;
  if (/^[yhwlk]/.test(roles)) return questionAct(shape);
  const sure = pick(REST, shape);
  if (sure !== undefined) return sure;
  if (/^p[yhwlk]/.test(roles)) return questionAct(shapeOf(tokens.slice(1), asked, 'en'));
  if (roles.startsWith('x')) return pick(YES_NO, shape) as Act;
  if (isOrder(shape, tokens, first)) return 'order';
  if (/^n[^y]*$/.test(roles)) {
    return nouns.slice(1, 4).includes('6') || !/o|5/.test(roles + nouns) ? 'yesNo' : 'choose';
  }
  const question = roles.search(asked ? /[yhwl]|(?<=...)k/ : /y|(?<=...)h/);
  if (question > 0) return questionAct(shapeOf(tokens.slice(question), asked, 'en'));
  if (roles.includes('|') || (/o/.test(roles) && (asked || roles.startsWith('o')))) return 'choose';
  return asked ? 'yesNo' : told(shape);
}

function questionAct(shape: Shape): Act {
  const { roles, nouns, forms, text } = shape;
  const act = pick(QUESTIONS, shape);
  if (act !== undefined) return act;
  // The rest asks "what": about the word behind "is".
  const is = /^wx/.test(roles);
  const at = is ? 2 : 1;
  const near = nouns.slice(1, at + 2);
  if (/f/.test(roles.slice(1, at + 2)) || / not\b/.test(text.slice(0, 14)) || forms.charAt(at) === 'g')
    return 'whatWrong';
  if (near.includes('6') && !/\b(?:some|common)\b/.test(text)) return 'whatWrong';
  if (forms.charAt(1) === '3' || /^what (?:depends|still|changed)\b/.test(text)) return 'which';
  if (/^what (?:\S+ ){1,3}(?:can|could|do i|do you|do we|would)\b/.test(text)) return 'choose';
  return !is && /^w.{1,4}x/.test(roles) && /^what (?!is|are)/.test(text) ? 'which' : 'whatIs';
}

/** What is neither asked nor ordered. */
function told({ roles, nouns }: Shape): Act {
  if (roles.includes('m')) return 'wish';
  return roles.includes('f') || nouns.startsWith('6') ? 'complaint' : 'statement';
}

/** Whether an order begins here: a verb in its dictionary form, or as titles have it, that is no noun here. */
function isOrder({ roles, forms, nouns, names, text }: Shape, tokens: readonly Token[], first: boolean): boolean {
  const form = forms.charAt(0);
  const object = /^.[.bdatujyhwlkzin]/.test(roles) || names.charAt(1) === 'i';
  // An unknown word before "the", "a", "this" is most likely a verb.
  if (form === '.')
    return (
      /^\.[datuj]/.test(roles) && nouns.startsWith('0') && names.startsWith('.') && /^[a-z]{3,}(?<!ed|ly|s) /.test(text)
    );
  if (!/^[.rb]/.test(roles) && !(roles.startsWith('f') && object)) return false;
  if (form === 'b') return true;
  if (form === '3' || form === 'g') return first && object;
  if (form !== 'v' || /^..x/.test(roles)) return false;
  // A verb that is a noun too, with nothing behind it: "document", "review", "test".
  return (
    object ||
    /^\S+ (?:with|by|using|as|into|in)\b|^(?:check|search|scan) for\b|^document that\b/.test(text) ||
    (roles.length === 1 && /[256]/.test(String((tokens[0]?.entry ?? 0) & 15)))
  );
}

/** Other languages: an order where a verb leads, else the strongest question word, else any verb. */
function foreignAct(shape: Shape): Act {
  const { roles, forms, verbs, nouns, asked, language } = shape;
  const has = (pattern: RegExp): boolean => pattern.test(roles);
  const verbFinal = language === 'ja' || language === 'ko';
  const free = verbFinal || language === 'zh';
  const verb = /[1-8]/.test(verbs);
  if (has(/^g/)) return 'goAhead';
  if (has(/^o|^m[^d]./)) return 'choose';
  if (!verbFinal && /^[bv]/.test(forms) && !(forms.startsWith('v') && asked)) return 'order';
  if (has(/y/)) return 'why';
  if (has(/l/)) return has(/o/) ? 'choose' : 'where';
  if (has(/[o|]/) && (asked || free || has(/k/))) return 'choose';
  if (has(/h.*m|k.*m/) || (has(/k/) && /5/.test(nouns) && /7/.test(verbs))) return 'choose';
  if (has(/h/)) return !has(/r/) && (verb || has(/i/)) ? 'howTo' : 'howDoes';
  if (has(/k/)) return 'which';
  if (has(/w/)) return nouns.includes('6') || has(/f/) ? 'whatWrong' : 'whatIs';
  if (has(/^x/) || (has(/x/) && (asked || free))) return verb && !asked && verbFinal ? 'order' : 'yesNo';
  if (verb && (!asked || verbFinal)) return 'order';
  return asked ? 'yesNo' : told(shape);
}
