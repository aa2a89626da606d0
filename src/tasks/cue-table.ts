// The cues of cues-*.ts as packed hashes. Made by scripts/pack-cues.mjs.

/** Entries that words have, the commonest first. */
export const KINDS = [
  2, 1, 6, 16, 5120, 96, 7, 4864, 1536, 80, 2560, 3328, 1792, 5, 4, 2304, 8, 128, 3, 768, 48, 112, 6144, 32, 1024, 256,
  1280, 64, 6400, 5632, 3072, 3584, 6656, 2816, 4096, 5376, 4608, 6912, 512, 2048, 87, 102, 4352, 21, 37, 2306, 67, 99,
  2384, 2568, 3335, 3840, 5216, 5696, 5888,
] as const;

/** Letters of the roles, as ROLES has them; none first. */
export const ROLE_LETTERS = '.yhwlkxm|opdatuejzisf&r2gqnb';

/** One bit for each beginning of a phrase, by its hash. */
export const OPENERS =
  ")$?9'4%&'3C%#3#(O`G(C#+#[$'#C$#,#%G$3'$E#$DG#+#%%4+.$5%+%F%-%'+C/+#++O;$#$##$'(,$+G4+$4YL&-%F#=O'(#)'CCGS78%;##$D/%%4$59'<#;S'G##C";

/** Of each language: number of cues, number of slots, cues packed as slot and kind. */
export const TABLE = {
  en: [
    829,
    348462,
    "SA_8F3OV&*K,ISHAL25#ZSE(@aL1KCF#L^G&X0>9<S(G;D_OS3UP)N]OcAJ?XaS.]6)CbIML53=&LC3TE:?:.[#<*0^*<M$:T$JVETW,S;15%?UC^:VK,VVXa$#4`C6P?2K$5H/G(T1WI$-)Z$(VKHV*##75E(;0Y6A'''1B+&Q#?1+S;M,E#%`A>3O&TKc$2B7(M(D9E7G._TY@EG$1+2QX='82;?U)+X0#HU3&;[KF,<IA<(?U&C)&'((LF%`V'G/VE37`;C`D)+78=7?<O7`UY9KDKQ37$(N<VU'b-&7#E6UJ;UTJ>R3<&M)*I;=G?&5#3)D@CK=PE[&H?<Ib,1](N'A#Ya`%>K:T01H$3&NK?^JD#(E#,:C7929$0,.^H;>M51RS/P#Z1%c3X9?R^,Y<+U12B4a]aFCYC6UUZc#&%-JXUB[%;[&T:Q32&H7DU$Z3_*S<[S:FZ1.IW2/*+&Q'H;T:$DS]GIa-H&`R+Q%Y+1%.ZR:#/R+T`,$^].#2MOE>^+P-8HC3K%'6DU6#CU`$%ZH6Y.3%@Q.Y;E#,I9;A1;8)%/R%(G%W0D)6_#%GY_ICO<W2+9]O11@$PK+*/4]/b*a%T.1^=UWMZ&7CaZBI3P5.>9AX#P#BU1>3L6QTH%AG8.)PASLSMKIFR/'4'>A;8+bX);V#-)5?O)@-?^H006O8?$%ND`;@:2XTS4O3DX^ET^_)5%.?^_H[E28(*E5%6BX*CS8Z(%N))O[FAP:CFXM2<3P=(PT<9Y+SRXT*I9./GM)Q6E#<,(=<L+%)CW//$#TM_$)MC6a8.JAQ[PG6*3EF5^G(OHZ#U5HC&5[FFOR>5L,?(+T,TFPK7K@9,CU[%NW$3Z>3=OK5SK&QFR;(05@QQ-%6)88-M56:?*2YT26+4>WU-P#JU3MUH+K8<<M0+6-L;EK]^$c$G`)8?(H-](-H'>`S^%W-*`3=`PE*SAG0%$cH1$*$'QM,A37P$&F5/KOYM%M'4Ka#a7(M3.)NW5=?3>E6_]C-U1',A#_c$_[T`59EQbS=UAO,EAK]V&4-4?<bAT'#-J?Y,;8(3B7+>I?CG?SaXGUSV+T-E4?'0D:V5J_']25H>&39?^.GL#;(^F#LQ>G&7ZJ(0>Z[?;+K$I:#5*T.1:^0C:Yc.$DWZ.OIc4>S3*C9@C]'=[#J7&RE0AK[N#G4UHI4^I<<'H^a)*$+X@c7)UGR/;VM76]3A?0aA1JCMM3^Q.,7^X&ON2('K:=;(%=*K&'+:KSC%F-Z$0%$?>L8RM-G)<$DQ'VK1+:IY(Y2a+-a6T+9F:B7U*'3G&2,,F<51I^P^%'-<OU/OVP40O799'H30Sa+_I'OU:C1$S=H(V@7`1aXKYU/ZFBQUPU2%A^1*,0+(<O.B41G9LX3%'>CC[4T33%*LKJ`D:SA<#Q#A>;7S#QS@+%3K7$>342-<4,ID7C?),9%BS%>E7?NJ4TI`8<K%aY/0[A;/^H+['7#B@W788M%C5L>0H84#MEKY.>c*HWGQ25;]D'FB+/%3.T,M3TV6^&2KCP%)aVCT*'G_&FV:7S=b4C4'16C4^CA>DT;VE+_PJR$LE_#@[E=EBa5VX'0[3_EBL7:7ME+bHLbS^_C:,Z+O'`VT*`;4%(+.PK4UGM+3HSF]P_MOZREU&L-_VY85FJJM3[/T'3$1WPO(9&=UWRTTXT*WQ7EDO'O>Z))0<23-25EW]-M)/5#/5/='&/T^K&.7;R*N9X;X$$Z00:%';KIK./#,8X[-Jaa5B7DMKV7:C*:SASSW))2/<(#UGBPS?0]B+bRX(RE_S#R)5TE&NBC8-#<>WI4B?0:a%(?&E%I(_@SP<1]D$?ZMA>5D+[9^4=X>HWSRJ+%:R<.#KP'A7]KWI$S<%6`FT%:K&=:EAG.@E5]WDODC:5X=$Kb#CGG=;`3R5a4U'D5PZGOT0U-_X%P3_b#^J1D)3b%HaP8L)K#X`(W#PL$6-(ITG^GBM?+9$(>#7_?F^JC'@a,LC60<ZKEMF9&R41c5,(EMa>X-ZJ4($;C'SCaB?IE49AHF)$E2J2*_)QL(;5&c3`B$<[N>4+C)'04(Eb;Y^NI?@b@&/#2IV##a-]V5YC$Q5GQB759?#;CV^[^&+GM1a<5Y&N?>/5D+*>K@E",
  ],
  de: [
    212,
    106120,
    "=,4Wa#S_)T'<A.$F,BZ8X`W;U^PI^<3A+W$/SK_TSO#6[&:U`b2'S<L$D6A:FDJBa];%1XT.G'CD&L+`E(H$2U:%'9-8LC*/+W#QSFA=76AH)4M^Q#5VJG3W8,8D4TQ&.%>$-PDEOJK4XW6&NU]$[+L`>Sb/-]+0/I>*@X`0[_3*=2T%U3.AU`8-WM6HEVW7aON3(N$%b][,?BT)TI(IHaTM6#-LI8Mb,(/C04#b%0H;C'=8-U'7%$65)<?QA#'MO:-0?UE@DH)6,[-E*#A#]20EELNL%P''900A-`CKD9#5DH?;U1_SH;94K.S'&W#71LHU8J#N$N6D=$17/'*@N#S/E3&QE#-R`$UK?4E>EZ*H7^[W)A2;B9:7KYU@@4L]'3L)F(V5=.$-$)a812%Oa(<#WE>CJJ+OM%J0*@M1@L1+,Z@2#@'186I*_C`TU`-^#DNN7<1a[-W8VD%7*D`;^_'QE)LKT]])'O$.P4=7EO-*#P6I`2:T`DR4<<)Qb;*3@$^)#*I,D?5b(>.44C)GJ-';9(-B7H30OG*SM7+",
  ],
  fr: [
    212,
    106156,
    "8`*b_H9UH%EKF1&(a56/2*E1:H+R9c'D1CS@O?5IXJ*N1M*D7b^WXC3+L'L@F3@F3-).D);[T0J/6S&MJ5-D9D%0Y)Ea+N7'(_,H+93%RUKRO/=H/M1D=1+$U8QDA@a'<[.1_<7JSCSH^C+MaBD`'C3.M;ZFVa)I8.%U2P*UK)H#MY=(LP-9L'B0Kb7R4W;/aA#4,4$4/1/3K=%-=)14X-BJ;AE%BK)6%$.L@+?cW,+COV*V/=R5ATX.^VT0DKR6/I2'NKNIU)bS^b^T2;``74#=,JR@LB&N3E15%CZ9;P,A,C);,/8,T7GFO[($L1^,)J0EA#2-H1#O01'$YD=-KES'c/3+T3,GY5L4IB07+Ab3BXCb$E:=AYD`bS'T8_`2&TFG=^%J<]^C=#;GGE*/-)[7c>#?/Z6&O#0?&,>Z#>?EcQ?+9M4Vc)NS9`]78N@OVPD(BV&&3IXYP[Vb+'^Cc[EW%U.J[SaV7+,,S$/-*AE?c14//3[CWDGV[JU(W;C3TKO7K#`SR5[B%X[#;HL>F]C/Q%O`8SKS`0X5*R;",
  ],
  es: [
    298,
    149209,
    "%ZQ%NUc8JM)5G(OX-_QO#5E(7G3>ZU?cJ4GJ#>C$S.-&@Z&V<K*WF11AEP0=-@0-$WD&;'D'K]V7_#_['c1`8+R`K6D'?SR^W(3P;P;'*K,b&=TI<CVZ7IbQ5][<8,b8?$FD]FN[86V%P;Y9/9/?G,G7$_Gb)7;3YJS]VE67,L]9GD+%'%A.EK8K,%/CITCb]a%(WSW$3c5PR4'B,E%$=&*$>/94IF2E1IEKA2K3VB;3`$FT%&;;S1T]2*2ZGL*=$*)G_$<.2K#8[H<CD(E$C08D##&6#/KZO(A;&9+I+,U0/I%[+c]&13RI1A+RO]a]D`&EaHFS(C=5?&)TCT9$&:R-4[3:[5b`EKC&S`?-#9<?HLFPDE+8*Z+CR?'1O%W9_=J3Z'(=D)R^K[@<X-$=/H.c0(?W`/#4>YGJ`#CI(86TJ/[<MB:';SB%UA&)45-N+K)#^1BEFZH.4N%N(,b2D*(/E]Ea/=LJV%.ZF#*W5>OCI;$K(:IT-TC].@S-5U%E/HG(/@+RY4B0,G/,J9)7$FGHK*U)>[Q@I(_32NDW)2[,+F'%=aZ]H?[.^E+7LS%Q6,Y;I<C4.-M)EA.BCR46Z#31E^5$(YY`9?(]>4^$aT_DG&;V$+*QT.G_AD;PZV4=)LO(9B4>S357aCEW#E[6K8,#,AEcb$VOUD8A.CYO5]AHHVSS?TF)0a>S#-078+;*V(c6C1ID$0E[5+''`MUC'%c*T8.JcPUQ&#C6aDQ&[2^'_DE(#FD]7??[.%E+-K4'DF`;&V",
  ],
  ru: [
    184,
    92033,
    "@GSX/JDED2)8):S*aU]'CGHC#'0@O9]T49HMDLKP@]UT1<ELQA2UZO=XK,]16B,#6GI+1KY2APN+H]LL7?1&YA;QV48E^QE]5XE$39G(#S51.+I1.C)UE8,NU[E]D?(+X&'$W5];I/#M6&N4BV(H/D?T2K8<ML3U3.)SI@;T[TS%6O#C8-23.TLX%7#3I++'1b0P7+)R#1)NJL).R4D#3K)#ELW-F%.F#A'%DS'+Y5$:#OHF69$]G'#6A^R?67FC;XR[?&6Q16.J/QO4E5O%,%(0C+B.%+4(9?F0%7'5D9'QS[0-YDV)&G1.:@8Q#_EH**',Q76UM]+JTU8+$`(^M)MUB$+U>$E*OG;%Q(3C4MBL$%3bS1G?CVUM'&V?]61%7A+#D)C.GV=H4^^`/LG<=;*&B5,7J$CG;O,&@35CL_ET_%D1HS%aS&#>97TWST0N:R2I5$E<K>(cR-3QD635C*QYTU7",
  ],
  zh: [
    216,
    108048,
    "2`Q5R%.';A[*V%&&=1ZKP#4[93=9]#G<D'N:P6WRH79b_L#,*8RW2*%,U(-*C28;HAWS1bQ1$AA@*Q-Z)U'WG?-b/*8%N/ECD6%?,'G(b$4c[)V4#SG]W#.I-LV%8;M?GB5'#&_&EG+;I^E1=BW>+;VLY+9b$)+%6[-?UB]5AIBS#W?*c?6^Q%]5HD)$.:*;SY*#RPOM%.O+ZJ587;9+BSGAKI'1[7H#&CF4[$^'+b$c_,?OV/%)E0.'3+=1LV#G`#F2M`;3ESP.3)?4H#:JQ2FA)-aD/.<2L[_9O7MM;_JEWO3(_(J/B@#NaNW&N(JE_U+Q(DLT@'U8XKIPG$IaL-X#J2U?-?^N9SYCZR0,]Y6VVF@#<D@8Q7-EK>91##*_&cSML'[MAI:,;CE%<>]UQS,;<UQBcQKLVA]$;%b9NI>*-%&53-]XC<T26MF3+8DAX(-3*DD5WE,RMDO;07%X48$5:7OW,7/1#6@8ZL,K(:M6'^$Ccc4/)7>;ER-R[$,Z2)U<CED1#I5[0DVP[2&MCR%#PGC<0QSSJ&?YW44%(V/@Q[a'",
  ],
  ja: [
    169,
    84766,
    "H.7:U,Q'5)+Tbb:+C`**(HS67,P)CC,aO$,3.aLSY'MCU$V]P/U#>(D]5b^/9M@04+`PM4VC+'4ZV&aS,^$;0M&*M<+`C<P(B[)#C-?F0SSW4J^N$V1#.>J:/GW#OE1Y$1Y?/3,(QQ2,WD*+?CC3Jb,R];X'F+2W$]`&X9H++_VRU+PC$DXS#=HZX[R^S#V;S0)^.+917Tb]JUCBGD$9)08>:Q$9QI1/WQN.<JDT,[#;SHD/I:&&NDEEE6CB*)Q+4?9c<W:;,ZVY+%[1<X;1.)H+;-a9IJD?G'A#IK?_#NJFG=.(N?./7T']/<CU4[[-#)/S>TF1.AN*S4P#5&3)N<>61(-(Q((K72%=RD-K8c.)[4K#KS1^`'AOT-]`T'_S0P;Y4/XD>%*TWB'%Y,TD(T-.V/&DO6Z%_G)7)?`F==PD+%DF:-Y#",
  ],
  ko: [
    123,
    61600,
    "+>=.NGLJ[=`EG=-),.Y)Z#*6*-1(?6_*'NCbb''O4<1R$-/)';(+b?;'93KC4UC6S1F;4#*B5'S/F]_HN>1+J7(:&8*LC`>Y6NR@`DN'EI-,QFQ2$_Y[#IMM%,<B3N]E,SMSS5#=F-3ABC:H$K9-&M,3L@7%UFaVJX$`3-3WX0,*+ZI%PE@CA/5:((%2OQPDD_TFW3$X74IM_F?1cJ/ZA.C?@$Y%'A<[(7AG2,?NYAYKA&+a3.;D+#TW&D<-C13$8P'[GSaSSK.RG_G3-D)9%Wb4$<N&JB>YMS6-HSb6/O)67:]D,9P+7X^H32IS99EC",
  ],
  effort: [
    132,
    46287,
    "$+&;#1S-O53#4?F8%+CI##.C+KJW$O#J34`(L#*['>%9A3P%4[1W'4$+2,Y`Hb)G+)>G`A7DS23(P#*#3/&^#3#D9+`<4+#6C/?$Q$)/G?U#O3>U(?']%.#*^$HD)3$'UD`&DEL+%C$AC2K#'0/T$W;;]%C(:C47,1C13K`$<#Bb4VC2+Q#.7#/[%@H4_+3?I7#-T9;+4CGC3N(0C/'+T<-)#]DGXH#>+=$HS#^CDK%9(Q#(6+PD6C/3OC:$9ODEU2S'X)$I7<3D.G9;4$#JD+S7W)9KL'#:#Q3YF$KCHb+JD)379$PCT1%7CKE'`T@S*@#",
  ],
} as const;
