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
  78,
  1466,
  88361,
  "'G-S.-6#$3CPFI+I?61VI5C8E'[1?$)+W/_MW7C$MW#@88V/7'[-[%@',%85;4%;K=T1$/6EK.#43)8;$-,EO8A#GC1)#-+6;41#C,/+OO,.?:=#G^5;J<$)Q4'7H3V+U;$C-I;I+)[U1M'4##)3##/;/#MFC'U363I3C;V%,LI/&7$$E+C?5$,U[E-G$IG$84CC5J<E,7+)7#$735+V'&'%#S,';:#E3V0*C,CDEC+3G#+##-'&GEE3%#2#U#4/D#''K0'&+C3E0$1;)IL:XUCc`MA:S_bW'1WB(c^Ba^Z&H3+F6)+8<cHS`<V/F(4cb/E_8cPc&V`c)[3I1H,_TP,c`+=WA:V60FGNbJ_E55&IO4c2^?c:a#R`R4]B6J.#X%:]Zb1,^JDTX^K<[,Y'V`?MSc;c;5-Da2T%]=($26(Y7_M?M*F%[,ROa:c4NNc598C(3F]=2W9)3G6;Kc2aRW#$_X1$A2:E_FVR*C9aHHY^)JNC*H+9OZGcXIAV*/.`K')$GDDbOVWK=VR&Y1^9*SRMZ2URN.PG[BW#EG>&ZR^@-R;c[$Xb++A/][R3[4`b$aUBH0/97>L$2-BIB`.I]B,:Q]bNS,c;+8V-cH5J09J<&WG(`52:6M7L^Z5@N.^Q)0&bNJOc%-N,B@G<'B8D`NMH?3%E8D*J96C,^X0F&VN-G4c<0WA?T4:UTOCac&7*OQ0a2U:TA$;b,_:G`QI>HL;0<AU9JH8SG';#Q$b7*DaM72W['Q#)99JL_02]IR8$*W--,D323M_??&2#D:aU%a*XL$*90aKDBE*II*[34I`L+AR^FX-HGbU2bPB^65`+*S_2M:E89+SZ'Q,1>cZ[cFaA4K:/;ZJ+BK'&FB5OBW?AL(*aW[T`O&Zc[=Ab?c/]QMBI>)-1WVA>&>JP@`Z3>K8V5L1W'bR?&/WcT/=L7RDHU)0&_)Da&c5(^RS&-D72LE@-@/Y*:9&KD];GRIN7b1Y:`>&Z*&bY4I)$:6?W(]K[/6FAVT#Nb_??2a'=Z'/1V=2W&]BXc;O>C9R_Ib'YSU82Z@c2aBTWB`<HT-$D]*]0SR3Q+;[2]6R]bZSEK.bR[7^:[+$8@VMH:SAX./E9>_D`9AP('a:IW(b*D&$^F+`GUcKX4;^:T6b[ZIaYa74B=X571RK@D#U*))2VHHC8ba(4A#,`^X>>:CU,;@Ja1]Q)9$`SA1-(:VR@,AbC::^:=7MPT3[[M'B*[5AS1412b>c5=)DYO@?V`1QDcFI`aKJ1c3aW*[)Z;+BC.NaGZ@7++`D`%A8_?)G>Z25B`]I;PJ#C3BYX#1UJ</[b8Waa[)KPc8cE16)Y*?US[b(QJ_<2%:&Mc6DTS'G6[$B>FF[M,#9]RSTSLcV6[ZD.OYM,G6$NE-S;H/C[Y%8[+b$SN[cH_LAJ`OZcH[@+*PO>U.A6/*c'DRV>&BF155:FCFDF'`b2EJUc6*15`W',)]/M-.[:2,?0.a)'TWJ&,;_`A%8JcEJ]>@89bNJ:GXbSNHHHcY:+3`2a@A19U]^<H><Q2KZ`NP.`-??`(#^:S`C*B6-S0$Fc%4_L?B_S<7Y`&%bTQ4c4_Z@>L4J<81]`JbZ'0.5P'b*=S;2-[[CG%7;MQ6*c5HT_@^`%Ba2KX1*_:IFVN9W2DQHEBLBOHL@&$Z2EL9M$P*/T5Y9`aa=A@L]/XKI0%:7cVPK<[F;[cF>&/cH=aMB]TBaEQ9PV9HX10>9*E'Z[8YVGbYO[O:EEB]$OX]IX5cURD#N+DUQ@YBZ]:MOc^a1O;A@]aVcJ?F$9>BT#Bc<WC@70=B>KR&/aR&.DK%5E<,L+4XJ$KcU(1_HWJH3LH0CW,?<`(BaBa;a#@B[?`18c&[8*6`UO+'D,/V`_#cbS$Uc//?^17B`V(CAB9bBTBb1L*]JT%Z67F'6MR`.YJ7W`RIS1*:'(21GM*`MSH`^S:=G;86Fa]CT/2*O6^]Jac[TG%RE[[:>([aHVb,/P0KJHc#`,3a?&RZ@PTCa?>W_'7WH#R+BJ'[=Z;7#=Y/Q.]D7+bBS2Y]3%%4A(?TJPF5aJL8`bC^=b2c>-*J]+Nc;^87bPcU5^Y+NBA=&)_JG/5:[IbA.&G@Q&N'*A6TR+3]Q5:Tc+G&E1971;$0L$HF.[FX+;+%/`KQ_SW/HcL$b2&cC7YcY'BWXZ@1Rc6[7PQ5`O,c8FMB#=:H@KD^:H#Q4.PY`JW^.(WE?_HVBK]I5A3DQ4/887cE]_Lb2`D+?M2.'#V[KKO+;c$C8RaJ`+D5@;Q:9RWc91-+9$Ka6H&GPSH/EZR@A_^<b6#(2;B`C1Ha@.SX6cIA'%LG,B@*'Jb?]UVVK1B_E&C0]JS[aRI#XADJ#`HX[V2`>#+c-W7%?N`#UbK2G&S7N_a^[F_BZ/&^R.+/R9&?P[*G)Y@(B>2][7XO,6b_[>@6;IB$C#?:9'C@`D2-V^-@2a8(#D=32X]cb=X=2Q(*`'P#7SQ^$;#G`#,51*M^?A=P/C]K`WFR/B/1(FbR9VC`(;S4*_[)*;_ED[R0F1?RBcW7*G:];%+c+1B4b;RN@]3?@JY^I=H7aB+;D$1)52J[L5U:*JD7]CX+0APT.PG2>a0RJA*c]7b]UHb4.7UKP#_KBE4`T^:G'),=`*SGR2'$702)T:&$.]^RFJJLD<S]]K?,QWJaPI+`.]]1U:b5b?7%0?O-:W79L2K_52H=*9FHX`/.U#c8>bP/1>b-80V-<2V>:3ZBO?%1?2)H`2T2QP8RE6PcF^XQTZ4M85B1cTT36%MRG.&Rb$]>0_3&'c_N.QC,YN1<4KaG<UB9LWV5:9=cYcF9a?6,:^,F3NMDN]?-)03BE@2a*,7QL)P]JA/]BCCLM`SR-.JZRSBcF5A#:EH2`AZI@';:&7+OSK7.V%=]?2:N4Q=B)UN5,`4;9$^#^]A8`,0[6H09<R=<O6_X@UO=2NTF40V)53R]@&=^.JEI(R>:J<:E-0R`GK8`*UM=;_Z#(cY,V91D+G+AI0c<.[F7a?*RT)Ub]?@@UQC2,SWE/,%E$(CO'&c&'b:9Sb2U&NCBQBa6VQ9%]K;V@@RcN`?<MWW_Z;2I77`#GICBZS?cE6M4PDHaB0V011JWB]UQRGJZ,'$cM3K'c>[;MM/Q8PIUG#7)#4/'QP'3c,`UJAU*T3cSX2#RO^/AAZ3I(M2X5)[b(:+<J-W'B]SR81UJ]''&#:5;b09Y2/.VcaaZFX'01,LKc#6^Vc`Z21_NXG2c9%?&')2:<6a#Gc7ac[;TEZ+$T`5)CJLc)=*JC.cP0`%+c%^&_9^7R`#PZM-*WD731<K&bRD[9C:OKH6RU1AK1G/QY>b*.3RbI0MM']#4,bWWE:QSNFPA=$U=$`b(^*]bR`Q*&X&S5,DRcZ%>8Q[;D[2DEc1,[JAFF?-V(NcU/[L;]:CGcS[$MVc7EcU?2*bY29Lc#Z&aSO#0G0>X:R11HWDJ(%JXcC(a1.ZC(cBTXG)U&LGWaPSU*WKNX?12)1];6bb&]Q&]RRKNXa@CE4%D7:KEO26#",
] as const;
