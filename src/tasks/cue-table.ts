// The cues of cues-*.ts as packed hashes. Made by scripts/pack-cues.mjs.

/** Entries that words have, the commonest first. */
export const KINDS = [
  2, 5120, 1, 16, 6, 96, 4864, 7, 80, 1536, 2560, 3328, 1792, 5, 2304, 4, 8, 128, 768, 3, 48, 1024, 112, 256, 6144, 32,
  5632, 1280, 64, 3584, 6400, 3072, 6656, 5376, 2816, 4096, 512, 2048, 4608, 6912, 87, 102, 4352, 21, 37, 2306, 3840,
  67, 99, 2384, 2568, 3335, 5216, 5696, 5888,
] as const;

/** Letters of the roles, as ROLES has them; none first. */
export const ROLE_LETTERS = '.yhwlkxm|opdatuejzisf&r2gqnb';

/** One bit for each beginning of a phrase, by its hash. */
export const OPENERS =
  ")$?9'4%&'3C%#4#(O`G(C#+#[$''C$#,#%G$3'$E#$DG+0%%%4+.$5%+%F%-%'+C/+++/O;$#$##&'(,$,W4+$4YL&-%F#=`'(#)'CDGS78%;##$D/%)4$59'<#;S'G##C";

/** Of each language: number of cues, number of slots, cues packed as slot and kind. */
export const TABLE = {
  en: [
    838,
    353257,
    "4;+KS?',LY)_OSIUD#.*5=<EVD;cK:UT7[R)K]0J9_Y0QD_J0U,]I_YIGD_=CV)B1CWK)''5<-T2V_F<_S@3FGI=`2V2'C80T/TI/V+0^EGIKOCHY&`&TaST1]]D9C6WFA<D7*0H$4%>+VK-CK9=#E$RP'=Q/=P4U+)8-2S1G*c4X1+8WC;.V?5[;2?^&U#,Z,[T[`3*B*I6D?5WER0NCU3WF8ZJC,J`5]JY-aT$7R3H2/$-'GW_EVO0C8MKSaI6*-;3HKW-0D(aX)/3$TXJ9VR9W#QX]1T11#4PD'//KLSb+1;*-<@FA'8<4U[L6WEP)-A$(V,[8R0/T+I$S$H0'?H&W$G(W<'ZaOa$#)LBEJaD#NVO[)&R:T57^)>(3#1C$YO0[(KL['E>-$G/F$)=<?.XDE(9YWO,_+1%9cEQ79B[_8V/FZ)/$GY=I53K+;*GCMY&FT9bSI6_3S$G)HG)P%4(:#/')D#2;M?D,SB1%AKE=)+?_K?F?5Da_7YOSU.>@.5D3,U><;%6P#$7_7,'&$>(bP)X8M`*a_$U@RC$1T>aLW3XE(D]CVCPSMTKHO9Y,$1-4S&:_<'@U#_(6O21-QGb(S0[#G),GQ]W?E2K<7LA?6c`<G@L6b^CYI7+6AM#W;K%)+2@H]((bY9:'RQIOb#8,&FT#WC/#BF9FEbWKTU*MTM[[2C-<QZK^Z+D,HU/KH+b,<`(/4%8.%4(M(HUUY([VIMQYW$[H.F,/1N@5'E)DF5#QX7&3YaC8V$b%Ec,;0CcL(H6?1%C#=XM8IL=6PT-#8D%1W`A+S%>>Cb,%AWDPG'S'*(5EM]J8].=/F)-;@+[)?3&?#5]C?D4bN^#@C4H,a7.OUVY>^93Y;#a[b++*Ca[:9=_X3c8'7VW8,BCT%FRFORZ*#U4*/c<@NE>+LC;`9,+QYGE$A7(AO'H/=+)%MJV1M`;C4;SN#-+Ic>IZ+?35FP.J),])R%/RUK6+'[FJ'[D618*2D)?.@JQ+W4T#5,1Q3-.3GP.$P_#&_O'?-[(^@,6-H<X36c4BBE;]0_'R;%,JH2T=:0`$(L*-/=W%Q[GTF][J5$,@[@11_'?O%b2,A%=%3JC#U(0OO11ZIC6F$^(<0U:%/NIT8/,Q0+)?+'YEJ,aTSR^DZK%8),Y3/$XY(NS#:E1=&a#9?]Zb[$Q$#<,a1FT*2T$GDE3/@KA)aIW]?.ICM135%,.Ka'VSD.VF`>^5&9D(&-'SK%E^-`K'&#FOSLPE@H#$U6<IB?P)JVGD-G+=U%VE5Ab,ASBQ+%+#%2P+2;@`#(1,XG^'+DF7^0`:C#KDF*1RD*UD<`9S+a$&QH6MF<@=@;^+;DaI6KTT%%C'HF-[$U<9O<#$HS$W>K5c;0;PGI#7MSF1)4K&AOO.CPS+(`:bU0)79R$`#:N4WX,ES1;^5-,Z3'54'%4E'X$C2KS/_'-ZZ1DCP^$bSLaC<bCDQ0LH=#'O2/DR[G5NO#4S0R%+M(%.56)#8PQ0B'7R8&(<QSaK?R,_>,[8R]TK4I0E5PA+-]Ab$#HLLAB(T-1-.G3'CV8^[=4RVSJ$[)=##EOY<b05PG(#W-&1^MA#@W-++P;)4E#.OPE.25'3%4W,G;_9&14#+7J';Y7WC?A1YX3N,=AG]H/+ZU75NES<-,;1FYR*#5';D)%D4==N@S,c;DO8+<3CHY64-Rc%%:)`OISH$?[D='/K#FA6@Ra58F&@-OGX]XMS&FVNJ-Wc'(_3&BU]_$Wa1Y6@E%[EA`6b+=M^3#RWE`S[@FXOH/$T%^33+'`^?J#;+GYH#*3,[&]_PVE::T+#6D1#6&26I&7OaCX6D;C<S*&1^6TGb3#DH6X7)_7K@S,#`9B+HBD)IE5K)<1cLJ83B'(aT]QY)/(^:?'S>>>c(ET%#7?Y>]:P1%P#PGWE&J,$S,78JA)bWK,`JXFWNF%;K^=.,D6YC86)b-E%.WK5/-9&A+bS#-67O.+STEBC_cbG7K0RZ#G._?453&5#@#N4XL5/1=D)>[:[G26D8OV1UWI&a(<KJ^-?,Q@&43<&%=3+<&2-.--KPa98C$T7F(M$S:24a2X*'0;^*a<'XI`)-:I=5#)O_95W2$E*?(-Z.(;<H0Z[QC+R9CH9X-LR9+G_'C4]&OJ:$U%=-Q2O<G,b>(X^P8AJO;+C",
  ],
  de: [
    237,
    118506,
    "3?T&_G8=I%G'#$4Z5,BC&X[@V=?$cC;3UR'>/KRPDI,/AP-<-A9-0CFH1M<$[HP36]DU3)E2X+WTEV]W=)Z]c7N3*B44_9P4;=N^O_1M,20ZUT92J%^b5W+GK+(H)-[-1#<&@RB;KSF:R2#4D1_G_H#0`C^3.C.P4a/_IQZSY]W=+(OS-$DP#B76)[F6(Ec<?^*#TY^WD3:Y0^KN'R&:5W(YE4+ccSI8/5IMP'=IO&VY6C8$&-E(aF@/)1`1P337)$Q([]WL5(XDQC^C5>QUHTU0W4,SM'3NM(8H>XH8UR2Q;;'T*B8>&W+??:7N1'S2-PM8*$ELELZAI;4Qa2H4IND[-WC8JXU['T%3N47O&U[G;U+X2E0LM$99DQQ1(6;$G=JK)=^I.[#=;&C*[N,#=]/C)Q#-D$RGD]_45^DX3@DKW>W6#]PQQ?2_OY%IQ,<M>](^S$^'`ZVQG@T)3;MV+][`[#;#<JLaE'CaJ%SXCG%O-91J@:06-EK#:TCFL4434&Q-4&++BJ#GT4HI'%C5C]X70GcG*2MK(5?_$47,`8&Q$S$>[;48^T4$$Z]%;,.PV4C%Vb'WB-KKHO^5_TF+_&D+HJ[,>DK=D2?-6W",
  ],
  fr: [
    232,
    116002,
    "C)35W'K0L*7Z3K9F+'.]&:;SR$B5%_:-^-6bZS.G5-.]`aa-2*+M`CZK$?=SC$PCa-&7?0TP@;$/E(CWc=NB-$8S)]2$S$^WNA%,@=1b9F+^>=]VQ&^2PL&32@#338FUZ8``5K<JV-;U4C9?TZ8H+6JZ%6W0A$I6:'59F2X%C1]`_8`VULI1G6.4(2FcY*X+,D+($O:<I$/I$5aB8Oc56,[*J5SPF^C^;%M3C%(05/FO$H*)b[AH8ZI=57[+%FTN;Ua:8%+'D(N)KGH$5?3;@11cAV->SR]6D:1O[G1(9CAcN5=/]R,-O3`KI.=>U%U:)N@85O^WVbQ</&CG3A#FA6_S$*5T'?;M]/AS1?IO#LQ?+b<`C2UCQ+*/&36P`T5S4cR'ZS.'HW9<K<4+cQNM80BD-RX3C&K,A3FQ[L=-C<5M+;C:N(*%8=F1GTK&.G89#.QNN]MQO/8Y1b]E7+H;P=,0Z7NUEDbF.E':M,6)=F'V%@W2+]IN^)D?KI4$;'/%#NQL$^^b:N%M$907[$]5,C//-HA+$VY&+>`=:O#WJ`$C6&bbE=(*;N:;IMC+&/F-ST_=,8*$IG3-LGPQ]CZ6A'3OD[E",
  ],
  es: [
    317,
    158516,
    "U&%Q>H$AH(AHWD9C']=J$`2M`<N1;G_0;_Q9CV,Ic$-LC6A8;K%>'P+HENX*2:D@IEEDIOVK2#_V7_&DSBT10]%4'#;&E)^ZC;M%<HMJ%[UDJHT/Mc?C5S?Q<aU2S>T6'HT:'7_IT]9'2I2<MR#<G7cJ'GD(`Ma_O7#H@W(`[>;'J$4OI[&##Z)':a4_%A3.,a3>KH:/)=?FW3+8PQTI'0W4E1K*G/,I[E^JE5HTR+B1_<U'7I:,@#&_%_HDSS=>U#_Y8*8_^WVF>'N_]%5S;6.'H4a/@]Y1WZGT9R^SE+/Z0[T$J0M3)b3USL+$b#QFE$,C3Eb)'T)+/15<3c1[L?N$M&50EY72-0'#U9E',#+(/U=c-5KSD&S_3J*1^CGL'<V8]U3=:6T>GZ;;c#8TC.GUOG7T./I9`abEPMS;#%c8$0#NG(?8[I1--GP1S1HDQ_&8[M2/bJPX#AG6J(Y;Q21LKIHG*EJ1]O+$0_*1Pc#$H09.2>b*6#%%Ca;PLQ0B1;9B%U'3A8OW7cG/[RHB0O</O`'J-]4/0NZ%bc&1SW/^<2P%/FL`>71.RB11%HGD`RLK/3U3M+E&$<#cOAR7[V,V+'E#*YA7F2'R_C4S1E#>?EX?ZV$+&LK4L-RNZ(I%;MCCGA-TXC23QVSPG:00A;$bDY=(WU/A#H]5I+.8?Z#:b[Nb'Q,PB]W-W6R49GW)aG'+FC?KEV#'KEO`^Y2]3H^TVC-HYLM.Z%&+1FY2CII.O@MOWV,'`,IF[3#(RFUNJ$T(4F)%8>36C(2S+O0)GK];M(YZ0V'&H>-=Z;1c9]33.J-_[%-S",
  ],
  ru: [
    214,
    107003,
    "U*a3HI[D#A+cE%cE9%5C/.C'3#+#G::0D+3>15MTW#$W9D:LJ*NURUFc[-^K5]'c:;*#(X<-CH`XG;)(M)$2/)W0GLc(.'/+Z4Kc7'Za$%07XC3$2IIC_ZJCPQ%;&SJ#*#?ML^3_;I?#-6,ZNO@_=V0P>6<S/L[*#_S[*/F]/]'?OLUZ[$1$T9*PLS8%+AIS;2$8/HKQ[[SXW*`D,RSPI6395M80/+ONaO]ES/SX*]J5.c?]S+[ZM<VQV#a2:$S#400&@3%BR&X5;`=KQ3b-^@<HS$-?/5J<N&X+cb=_+-D#ZYY^=F8*Z[BFN'-W-9DFOE-C99#TMS%Z)<[8N]33IM@ZS&;##b/IC-G3D@?C'9'ND[.3CY$&AU7Z#M$FIQP'Y(''%c-G+PP:#D#2=G/43E*R#8Z5ZM*D[=1*Y64)O09N@C6'R7ZF#CK`S,?GV8R=E00P0S).%Y&VQ[L%2V$3XUC9I[0C1M1#.JXPR[=Y*-%,O[EXNT,@UWCA%T'(EN%3I%N'][7-&GP5*6D0$9?'I+>`>S=F-O,MQ?2IZ-C",
  ],
  zh: [
    252,
    126405,
    "QY1%*<;UE]C/0Ka=#9[S/41*U01N,U+*GTMU?4M`6/PJX5Q+)VF%#KQCJB?:W$/',P'X_Da0V3EC0^S;C5/MFY6KO?A5C@TK/.42B8_%EGDN#KW*@8K@8_$aCOLQ3?'TS*IQ'<=]3I*<#M6L3AIF<3K?G('6)NU%1)AG3M%-BM%3O:Z2*[3Q/R?C?CU)`N(/)XL.L1S`I9UI&/<&8@%0T$G8459:#B4&6L(b)DJS-E'.6C'1/4V5#D?330(+P9;.A=3b1;JLIBHa47D=<1%-8%B#0PSWX.a#)%KDL+acaT2#4LNUSWbSD*N-7#P.A-NP$?U8/#X7D55Q*E&^5]#08``C8Z8P3]]1A$0=IH+18U*;LOHF_'`+P0[4:JLS3.GL5[A)^+#](;'OR/-.+G87WHA#S`/>b<2@'Z9JUZT^DL?JC1b>JPIOS+;*0)ZB/V.bRX=H2KPVXHT4GVAQJB<27G'OA#/M=;C1Q__8D='%XF'I#R,#c%+B0RAOZV6VRF8M.R#-9]WCH#4H^(cE)@*6,&:3OU&=NFC6AMEC47;A4(EO:?X;%@D;>#-T&[377bB3PS'ID(TB^+8+YH@B,H[U`2#E#MAO&_[26R?^783_TSAIR6F1;-GTBKGE*D105_D,:GHJ^b/[QQL%-",
  ],
  ja: [
    206,
    103172,
    "7`<`9&CGV$JOIY@0JC2;AF8%#'>K5,PE)$'SC$*'5=,Q0b+9W61G<1Z++8;`7P43[UE+JS:BD#`)PST^^I7WGE$4C'#1^JC<6=F()[#T/AH[H.]GC7BHa2cV''JDDGJX^:4[%Q*KNY%+-9]6(T+Q_>Z6NSSM`*6a3O3,YK_VC2%^,Q++4V6Q=)RDOR/O[J$%[$I17A0Q-R5[(,$Q/%F/;JGITFH+#*T)7/L_GA*)aA$3)2^2$BOD^=*LR^(KD1&D/6I(^))$-3,RIB*I.9LE#+#0]S$+)`J$Q#J=M9FU066GWR-/K-,Q&[S[TQ.*/I/=W_;?J+&QPW90/&/K]W@D?(J=<%V7[V3?_*V'NI9QNBFPG=[3Q?;M+<3'?%E3`3`+JSE9S8b0'T26?5-*>7*P,O);F*[)DC4(^Y:W'2@QF'JL$I+3#/$+=59+RL)Q=&aLV-^UG+HKc3;)%VK#P.KY,'2(Q;2%F,S@-1]>1C4/-;:Ia7ZR(,LY$7W^[*M(Y%`AEVP4&+*;,8`(';FX1QL19",
  ],
  ko: [
    138,
    69003,
    "/DDB+1K6H/$bQ,_31AQK$_)(C:bU<)E>Q9AKT;[I,C4^;A[1J$U^KPS(1#07(U,<NN#Da%[`_I)[DM`?#(J3@%1&CS@%GSB/:C=B68BV^UaHL]S;`9>ALF%37L&^*#K+-[40A10+=51;9b>4G_:$2,%O#G11ME<^RPW<OC^7549OK./+bR*9]T40CG<5Z%%R%D[$(E,W5WO%[#?M.:QK*L[,N8F$FG*WR&R?D?[NJICXQ+=#'35.37)M5QC$9,^CTJ6VB@P/MD;&N^'8Y'VG(O_F)FZ+cY1DD-$]EK(<=DD=$_QJ:1$1GE(9J6'Y%-_I5,0%BZ,<'A<#'#%b'H7=E2)?$/(,+)8S)?&#C",
  ],
  effort: [
    132,
    46740,
    "4;-=#8+-[41GCC$U$'#.K2<IG3+I'A%*#,L'$3-Y#($$WE(#)32`*L#E32/,RD&3P%C/./^`UN#ESR#4/C09>3C<4-A&LH(*0BS8+#=V.7)2+(U*'/B3)+$_V-C&0V&GE=#>C<7#Z,DU%`GB%81>(#%D&Q#`#<K&DJ?/)P#%`bVA=+CG+*A3P#(3:?V&'H;VW4#'%93'<##``4CCTI'3?%S$?&(-$3#A%D#/Q<?'245*VL-4c$=[K@#';#@ID#;6H:c0$#K^',#P^#`G#;3A#CS)`E-VB/%I&-GG4#[C'#/JS0Z/A#4#FBV#:0/3(K#%V:'C",
  ],
} as const;
