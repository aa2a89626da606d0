// Weights trained on our own queries. Made by scripts/train-tasks.mjs.

/** Columns of a profile of weights: coding, reasoning, analysis, documentation, need of the workspace, effort. */
export const COLUMNS = 6;

/** What a step of each weight is. */
export const STEP = [0.15, 0.15, 0.15, 0.15, 0.225, 0.15];

/** Effort that the sums start from. */
export const MEAN_EFFORT = 3.3;

/** Low bits of steps between slots, of numbers of profiles, of weights. */
export const BITS = [5, 3, 3] as const;

/** Number of profiles, of features, of slots; profiles packed as weights, then features packed as slot and profile. */
export const MODEL = [
  75,
  1481,
  89455,
  "(;5+44-.;[CCF/X+M'$F#&'[I<IDSE7$@80;'=+,#`C#*Ib#GX*'3#[/7%'W@ZC,S834D?(15J0$'TC%J%+F'FI#45%'-+T&5+G^+<G5M96J0T0+)4CS0,?40_'%D#C?S+=-86/<1%#^%DK,WJ4G39+E468DI<QEGF#KD1&%7$(#)$'6C$DB%#E]HI+C4(;JX7C''#7;)73#)#5(7#WN.E,K#H(F'-1#)O##F43#V+$'%#40##C#7+%#4+'.('+#/&$3+Cb(U(Y^2FPb#SM`V$a2S[Z[A]cK-;TBFB&,9#-aZcL`3N?L=/1'42,VbYE$SF'WPR%3LS<5Bb[SE`2VT,c7V;J[^$74_G.2-.VI%M7:._*UbFY<S%%F]EE6KXG*[]?0-'_^SaI<?+/72#cL/$)1$ZRHQPc]WQXXBSVBTF47?NQQH.9Y:/CD?c`BHU'^^2Z;ZcKA9$CQ$LGAD#R[@&O:A#5<%%T?6[ARC:YS=[K5$GAOV9&c=3O9HF5>&RCCLSA3&]<('RN%'-2]OP>#N6Z^aBb12c-ZVH)'O4XH`WM+3B[62`3QcX>$3%]^^#CAJ[59Z^T];V<U#SUZE]7EC$1DTMADR^F49Sa%GSJ9U[ScO,1Z`OG,Mb@c3S2CVc;-JFSQ9Q4BNEcOG82Y/WNB[39%*JBVM%L(.-)'3ROBG2bAI=2R/_LP#,MB1#.X0`b8Fc'(R[@0U$V<6Q6<VcC,XI`P`^7TO-Z'Kb@`ANG6(7CRJMB]P0X`V2]Z?LcW9A*;,?7KEIcV+F[#I1U$J`UW:R$N4*'`=2TSU/1J].A:8H`c#?#MbP`/T?[:`59Zc/Nb(:_BX8b;A(#Y:^,0&+`NCZ46M[1c]3++F,<#GLG7&Ub)bG_:ZXPCLbP4)1,Y61YcQ.';T^K`]/AWO/TML^C.*N4^3?]Ib0OZXS2)`cWRIML:S6TF]X1Z_3cQDY>@HT4GBB06@I&`OCQ/:EcOM',]2H0+>Z3C(S<C+P`B`JT+b2->'U&?90X6?)H6`#cT=WB=ZNT2BLH>^Y+cLT&V*Nb1L*EACR[U0#KNb^KXJNcH%=U%:%C4[U*4a;KW2_Kc1YcY)*E<Ra8WJ:53SO[*OG9'K2)Ha;2<T>C.=8BT^RYJ:/Z]%=BO;)#1GR7N]:J%#Ba/AR4#cJ333'N=JSPMS2_G.=^(=[_[^72(7JVK#@b=2a;7A*6('K91DQAC4C<7;<IVS#.FE@KG+1M+)FC_Z9c$+>S`Q*1^3b&H1B,N&S+@FW,U/YHL[KBH(a^OVX728X(YN4[YY>`<1?^B`7.Gc/[AYGV;^K]BQ*Qb&5X8E[a*3-2+E(C@a^XQ.4*[ZB)$R?.b??N]_FZU&V=*B:#VH9-53$2Xc*%O3S*D^L8*+[/S^Y*9`Db@+?_2^+JTV6GEY%K62MZc644S$([R&3ZSV/GXcBK-*LV@81:[[J^&c><bG$'R#_b4#S]Z02VVRa`2P#)ZT[Ya2J&DP#RZ7`<SU<6V9<&0Y)W.<+VE*6b3Z0LQKcX=/FLV?D:cH6%9*$[&U];CZ`Y:bXaO:[V_DQD.I9]Z^DV:c#'`Z8?<'*QP#2*S?0752JU`A=7&aR^R.`>Y['$,?X+P#^<92cZCK4QF.'X1VGS/&__:+(O54^6AXO`.J'bc]R__-9Kc04@ZIZ2=A-H9/0&a;NBF:@bUV*A#@5cU)b5E3K4PG6Y`Q*^*c+:?0A#8>aC[OFWVCc])?6B)XFaRHCF?J9*'X0TV>*bcNN^4D2`A`,BG<*@A0.2DcLF@G1H)@$%/4Y/cB-a65c;K9cJSP<NG>[4]GVJ*'39C3.V-c[)F%Sc3A>&UAGZX;bGCNJJS/_724^&A?&W2ZF:^KPGJ_LB`G9DT`Uc$72LJ]3?GI+$cJ1-*]6c^_'J9].SL/>74G&Wb:cN]PA:D=?'Q>`cc#L&7+3]?FU,`V8O54E0_AZO5IF%0bO_ZRa1')0^E``>KBa)<A1MZ[<?A'c?Mab#XG>8B]9Q(N(%+.H^:@R)&3%TRKS5SIT)H^]<+bC$$=`8=b)%>'E@%R9'*,,E^(/J]H8GV0UY$V2=8ZC30+ZK91J:L4TF:c@+_a#DKPVBWG&Mc_^UcQA'4*=4+N=WCMP^:Z5*c?SCB@0`cHb$^5c=6]P9HYR.LHc'89*5`29J4&bWGC(A+94]42DGc^N4_R[V*ca9Q90&Nb2HbE272CY0cSTD=AUJF3*VF0O'2I<bc5#UXNC.c&cb$T8^Bcb/(B[GEPVKCWL#GVF%8^_A[2B:4FT6bEU(^c0a.S5BM<b?2b0Fa[#W3IB-I&B*M3VJUBN.C583,)C/$Rb2$3>`=AT'HA`<`OXQR($;TR@4]KS7<RA=94*^9W>F#LcT0:@cMAIQ<1SbY`42XaFD^BH5)%,:`70REc0H4a[?@Q+NU#-a+EcCXcFN7c6/D^+_-=;`&*,b,*3O,#,c#'TKSS&^cNPM]72=X6HEVT=M>VOJ4&M$3P^YY0F2B2c26+1J)cWHc0_0bA2WY<&@@B0_c,ZFX+bO*/.F%@UZLB8a9$SVU1[cII9c.2)FU-*@4`1EJHPU4C7S'[@V^K'3SR*,$&:[J[-cW91)*[2a9Q.4P*U_aS`+QM(+4AOI`&M6_8%,;8Occ(:_=Y@&R23.>&_BW+OFGVUP[aB0/C_'P.OD,G4^BWM,UY&]OD>W?9UD^b9Db&2]2$$1%%1X9J<cS_BbB183/:T]YKTAL<cPa^=J]T6c&D]#_V[E%8%<T^KJ4')]@[2Q.9'RL^I6aD%.[NOP[%D%GG9J:1b/NI-&DR`]R]9UWS5LKOFFc``L)+[`:Z4[+3H5/JbJ]*-1J*JYIc0YP:Z2HIQ++UAB9Ra%Y]3'bOY6K`?M](<-#^R]ZWJB'>6X0-1REXOF+^YcXU#A179&$&aP[b?0:Z5T>cT.[?WL7`c2UYL?ICUCCWY:SCc)S)%G)D[=,`+GX^O=S7QDKD$XO=ZD-B3&K<S1$[9J%-5W7B(^JBCO,1`5W6TB=8Q6Sb8M8A<__*>C,O=7058$JE,)Lb'F3*=3FE+4(1S2*LBL3.(-U?/P`F0C4ZV4cH>ZR<U,:;1+L^`BOX$5'Hb83SA^b4c%K.<Dc,%)Q%bNFc]5/66>W]cQa]$A(SAcFW;4+c:c2,3P'/BD?]C=BPU%')-H2c7Zb)>a&[BQ&[/5TF;PB<c.`5LG.:D)A3#-74/ZELTL$0(`Z3IcT&?QX'P:P1%_5GB;R5P<RPJ[ZX<D_</;7CWT(b[>8A*]_I1LN;]#JHcQSU,B&Q?'5,c&DcH9_P;HcCa?ZN`P).A`?OCFNc_-?>`bI&*Yc.cRG`b3ON&Y%c[S'`F#_C5R6Q]?2a+[Z'Jb+PFRJ')X]Bb&`AF;ZE8QG%_&a#C>*-WO4`@OV[/D:*R*]PI+3I5BNbIE1(K6MO/^WE$5`;_2.#cP[H%B^I-A:],*BN'bD<I>B]MMX<ZSS62&E.W/b'-F:_#J`[F)[[BH?$/(%ZMWSNLKD5b59FIL32[6BH;)9J^:3",
] as const;
