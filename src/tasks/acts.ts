import { type Shape, shapeFrom, wordsOf } from './shape.js';

/** What a clause does: orders, asks in one of several ways, complains, wishes or states. */
export const ACTS = [
  'order',
  'why',
  'howTo',
  'howDoes',
  'howMuch',
  'whatIs',
  'whatDoes',
  'whatWrong',
  'which',
  'where',
  'choose',
  'yesNo',
  'complaint',
  'wish',
  'goAhead',
  'statement',
] as const;
/** What a clause does. */
export type Act = (typeof ACTS)[number];

const MEANING =
  /^what (?:do|does|did|is|are) .*\b(?:do|means?|doing)\b|^whats? (?:is )?in\b|^wh.* for$|^\S+(?: \S+){0,2} (?:purpose|meaning|role|job|point)\b/;
const OPEN = /^what would .*\b(?:you|i|way|step)\b|^what (?:\S+ ){1,3}(?:can|could|do i|would)\b/;

/** What a clause does; only roughly, because the words themselves are weighed too. */
export function actOf(shape: Shape, first: boolean): Act {
  if (shape.language !== 'en') return foreignAct(shape);
  const { roles, asked } = shape;
  const lead = roles.charAt(0);
  if (lead === 'g') return 'goAhead';
  if (/^p?[yhwlk]/.test(roles)) return questionAct(lead === 'p' ? shapeFrom(shape, 1) : shape);
  // "Don't touch the tests" forbids, which asks for nothing.
  if (!asked && /^do(?:nt| not)\b/.test(wordsOf(shape, 2))) return 'statement';
  if (lead === 'x') return /^x.*[o|]/.test(roles) ? 'choose' : 'yesNo';
  if (isOrder(shape, first)) return 'order';
  if (asked || lead === 'n') {
    const question = roles.search(/[yhwl]|(?<=...)k/);
    if (question > 0) return questionAct(shapeFrom(shape, question));
  }
  if (roles.includes('|') || (roles.includes('o') && (asked || lead === 'o'))) return 'choose';
  return asked || lead === 'n' ? 'yesNo' : told(shape);
}

/** A question, from its question word on. */
function questionAct(shape: Shape): Act {
  const { roles, nouns, forms } = shape;
  const lead = roles.charAt(0);
  if (lead === 'y') return 'why';
  const text = wordsOf(shape);
  if (lead === 'h') {
    if (/^how (?:\S+ )?(?:should|would you)\b/.test(text)) return 'choose';
    return /^h(?:2|x?[iez])/.test(roles) ? 'howTo' : /^h[^x]{1,2}x/.test(roles) ? 'howMuch' : 'howDoes';
  }
  if (/^[lkw].*o|^l.{0,2}[im]|^[lkw].*m/.test(roles)) return 'choose';
  if (lead === 'l') return 'where';
  if (lead === 'k') return 'which';
  if (MEANING.test(text)) return 'whatDoes';
  if (OPEN.test(text)) return 'choose';
  const at = roles.charAt(1) === 'x' ? 2 : 1;
  if (/f/.test(roles.slice(1, at + 2)) || nouns.slice(1, at + 2).includes('6') || forms.charAt(at) === 'g')
    return 'whatWrong';
  return at === 1 && /^w.{1,4}x/.test(roles) ? 'which' : 'whatIs';
}

/** What is neither asked nor ordered. */
function told({ roles, nouns }: Shape): Act {
  if (roles.includes('m')) return 'wish';
  return roles.includes('f') || nouns.startsWith('6') ? 'complaint' : 'statement';
}

/** Whether an order begins here: a verb in its dictionary form, or as titles have it, that is no noun here. */
function isOrder({ roles, forms, verbs }: Shape, first: boolean): boolean {
  const form = forms.charAt(0);
  if (form === 'b') return true;
  const object = /^.[.bdatujyhwlkzin]/.test(roles);
  if (form === '3' || form === 'g') return first && object;
  // A verb that is a noun too, with nothing behind it: "document", "review", "test".
  return form === 'v' && !/^..x/.test(roles) && (object || (roles.length === 1 && /^[256]/.test(verbs)));
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
  if (!verbFinal && /^[bv]/.test(forms)) return 'order';
  if (has(/y/)) return 'why';
  if (has(/l/)) return has(/o/) ? 'choose' : 'where';
  if (has(/[o|]/) && (asked || free || has(/k/))) return 'choose';
  if (has(/h/)) return !has(/r/) && (verb || has(/i/)) ? 'howTo' : 'howDoes';
  if (has(/k/)) return 'which';
  if (has(/w/)) return nouns.includes('6') || has(/f/) ? 'whatWrong' : 'whatIs';
  if (has(/^x/) || (has(/x/) && (asked || free))) return verb && !asked && verbFinal ? 'order' : 'yesNo';
  if (verb && (!asked || verbFinal)) return 'order';
  return asked ? 'yesNo' : told(shape);
}
