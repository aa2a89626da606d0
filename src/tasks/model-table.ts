// Weights trained on our own queries. Made by scripts/train-tasks.mjs.

/** Weights of a feature: coding, reasoning, analysis, documentation, need of the workspace. */
export const COLUMNS = 5;

/** What a step of each weight is. */
export const STEP = [0.3, 0.3, 0.3, 0.3, 0.4];

/** Low bits of the steps between slots. */
export const BITS = 5;

/** Number of features, number of slots, features packed as slot and weights. */
export const MODEL = [
  745,
  45002,
  "bD<6Q_L:ZV:-a_ZZG.MM*>7b>UX$@P1:^Ra(Z_a1cXA*`QG`O,NA]Q@[JD@aY6Qa^(bZbWX4F00Xb)ANO_FZ@N;_5-ZZPHOZJ)`D`U#a@C@_9DK`6NcZKcVcA&c?;JPaZb/_YUB64PK(_7J`M,K&O#bK,MZ[NXW6a@BU1a^_*K?Ma)@_Zc8a)$AXS0SFBZ_YPbEZWINa?IA(B_QV-I2ZDNaUb*A#_aZ11aRC<KZOPFVP(a;LVV@M;B_NXb6%ZYcb,:GYa35&W>*9Z`.W6QYXUN&^`,aVU=4YZA$cP@cH>_A;9W>c:1$-U@;6_B%a@#W80M8^Ya.VP&R8cC?c1>aVWaBE1R'Uc@N_Y>22Z;ZB]](_QAbJ_VRR;B^P]2QYR^$-c=7JJc47>A-_a@La]S>9(^aKacRNA-&H'<T6RBHcX&9Q08_&JJ]&XZaV@P6Na^/_T&P[ER>UaZN*K4aV>:VaL(^Q<`aR)cBAA(aP(;Y@@baS?B<ZM8QPR98OEa0FWOE@bNc^IH/P8@[c<QB0cL:H[6Z@L)a8&aXE?BFA6_*_]_QAcK*ZHD<B_b.:[V^QbP1BZ^cA]88HPaB3PQQ<AP.@`6`b)QcA[B2>YJQOF_>1TGJAc=cAVcMab7#SUGPZ^RcI4YERY]#a?bLX@XV)Z8FP@_@AY8_R;=>V-GZX5ZM?-6#JbG,]@)Q;P%W[B27CYHORIA2'R9[JJB3cc34FKVXU&RBRD@[6KPW`c_8%:O,]Z>,^>^c;?]*AbU$%%@(V:^A._ZDPZb'&WXA[,bbRH[=Z5c1RV86ZTRZ]X&Y3EaaHa]YK^a&:O5PaX-Z-B2B^*_J?NZQMTR8]V'`<6=^*:R=1:a3a'(D]L$OCa,NaTKbQcYKYNAZ)B.VAP[NZY`c__acabVc5c=Y^H=6HP=YZ@LB_Q]VNc>#NY@6T6RBL-ZC^cAB`QC?PV0AXBZ,*U-<7]Z_;AWW^=&6$:^]Z[G/_GP/(cL[:6HRFIbHaa^O&@PRAZ*@REb^Y?_AALTB_]],Ya=aYaGL_CcMb&AO.N&ZBD)aacB:[>UaD2Z@[5Y'ZHI:LY1YZ%8[4YZ+Z/E]P1+ZaU?@O:OW_bJWAc17@_ZOQI+`BbH2A:PK,='9V5aPc@_SBL`5LIWY+a1#P_$_`1ZBR8[PF_B]WR6.^9T22%CV2#cNR)&Q]FD(RYR_][RW5R@PY1a?:;ZB,0IT*A'R5M7/>_YZ25L8_T>RA$a1c#a9S.UYL[DAQa]bbb?:R.AN(=`IaFUcRVEZQ^4P@2O9:M5A_/ZB_a[cJB_FQ_,abD22aO6aU[:>U$TX>bJGNa$bc:,:^_%<`:/`UY=BZ_XbN1YaANM6S4Z]CR0KRPD=c=B1.A?7c+YY^%a:-PL0ZRBQW`<P:%_Z7CFabO@5S_94A_R/R@<R^RR[8K6RB/.95,B7FY$9URJB/MY4@c_+>R%,?=A[RR7Ma@Y:9>@cR,VY6YON^;*A_cCQY`4]Z]0ZEGNFaRADXbX2@_0YQF*>VR@AZ21Z3RXSc6<Ja9[Ia4&:523>FRbT>=J`>C:NI%%:^_=_YCc65:_Q_O`TZ:6L_Z?SPb]Z-@bYOQZ`;:>`_?1_aIJBI:TS1_>8[baT^_Z0N[_X@CVaNV7JVYVQc?AGKaXc1V7VRY(RPN61[JBN-cM:`<L^QL]UTBNFc@S2XP[_IZ:NJ1*^Z.2AE&`:]Ic@a)baI<PZ3a4OYS>Z7bAYDP@4ac>5NXYR9@NQBF2Rc/ZbbYUB?&*F.RAPBLL>:7ORM5a]1_ZRK*:_Z21acbb_LIN*@2Za_=_O==^``B:bcU6-.QV`%&6R;MZT)LUQYX8>)(^8>Y2c:$BZ2@$@`(NAWRX05R>cSc1RPBRBBZ0X;5R>[H^[N@_XHY`V^?JNA*N/<^<WaIbRYS8:;U`,AI;PJ'_Uba8^aS>9?&aN_1cZ`O92QH_P^0:<P^'R9'R+2V_KFP^HFW)c7]O(6Y-_c8b$YBL:*CRZ@6R>R_a.ZQbb-Ja-HX2]PONUMV^&;ccFA]<8bJOY$^O&Q[2@O&>NaUY=J*c1b[?c+.A6&JHB6,AF?[Y4BNQZ[A.W_<aY`2Qa_.R87N=*Y`H:_AY,02?3JM[XZP/YL6RU=c8^B6TBNJD_JCAa1L/Pa[@__a]$>X)Y8-(_`bIa^_*@_B.R2;J6[cR%62M6N)b_;Yc:*b:'Z];=ZMH[@AJXb2S0/XZP+b)4RB%9@8PJ)c_ca_GHR0b6X1cXZ0BN_9U^.Yc5ab*0ZRVQM)Wa[Q_TMA'`<.U_+/.F[RR+R=F_+b?I5NH]&6#`O0P4)Za,aR%@a_aS>a@VZBR304A`9:2X(AWA8:PJ(_aQ`NU#I&bEER<ZP]#]b(R:3.aYX+S^ZKJLCc<QYZ6BaRV.cVb52.9R3_IADYWDZ]L_PM7cA3@>`aRR]N@R82?MXG",
] as const;
