// biome-ignore-all format: packed data
// Weights trained on our own queries. Made by scripts/train-tasks.mjs.

/** Weights of a feature: coding, reasoning, analysis, documentation, need of the workspace. */
export const COLUMNS = 5;

/** What a step of each weight is. */
export const STEP = [0.3, 0.3, 0.3, 0.3, 0.5] as const;

/** Low bits of the steps between slots. */
export const BITS = 5;

/** Number of features, number of slots, features packed as slot and weights. */
export const MODEL = [660, 39832, "bK<F:BR6XCMaQ5PN)_A1a0bH61TI/8)bcZR6a#HAY$ZHbcS1_TWOK_:Y[>Z@a^`:*>1:MH@.K?>VR2N.@_Tc)TAZ[VZRTFaUDb5F__ZI:AR'RZ>b4=7A`PABP2^T_@R@KDP>I>;J6X<Y*<9HY%aN^RYY^NRY4a98*=R__>W:8Y=)`[41aV@a_/QA[ZZP=H^_,]bV-PO`c)*A,bU*_a-2PZVBLDVIYR>aB<CZ_[F^JKA8`?YV9@S1RY^6B3BBQQ.W^B_PFN86`_E1RA%X_AT:Pa9?[bZBN:P?]_ZB>c^P$cMY4b@c*2ZZ']Ab*^[R$491G1Z>51JJ/^`=JM=X>?W<b;Zc7`5V&6$a<)PN%PFGER2AaR@<N>Pc#_Z49L+T;A@W6;]/`^RY*cZ(Q1C`L$bQc%>_[JXZPQYBV&Y&c?>*_]O2[_GaR1NA`a-aQ]:_QX2R$)]]X_M6b]]29Z)c:ZUM`UI7_4b(P>TQc+-*<@R%bW^.TP9XW1aD9cBB&:G*_@b)LCcWS9KJZ?9a?E`12cQ?2R@EX]cY>&7[RY`+R=']b^$QaEBZ>5ZQKRA.Q'(^P2WY@+YcB@VN-_GQPR+R6-N<*bI_VRY[BX$)ba'aa_X-5LaYa(A-JJA>AQ3ANP=%.U+QcA[>WPW`2Q`^B>,YWCZHP:_NQ5V(]=.ZZ;O&0VX2R=&c>Q9<0NS9>?_a*6_>X6RY[-c9RXba^._aO20MIWKA^R8BQSc_N;*HY:]Y%@>1_`J]_<0BQXaZOcZb,2R_$B8KFB:Fc_M80[0M0PX]AYR6_%ZF&bb`82>N@><Ba2DAaOB2'QUEbNZ`M5(BM$YNM@[[BJ>aFY_PJVHNc8K_:;(cBR=BRRZc>2JSJB>&AV>c^Q^P/@D5A4@>3NV$2@V_PNZ5GbZZ0:>UYR>C:C1RZKR#MO?NY_W`6c?Q$RRZOV:PQ;`]?8@/<acbPRcZPM(I`,AWR-$a_KM76QZc0N<A_aP2R,:NaO.7-R89_c8C_:(_CU*&bB_YZ:].@PXJY>EZ>ZKU2L_Db[I_6QAPOB5[W`1RXLPF)H+Z0]5aRDcbN@I;XVY496QSFN27_a5@[RaP;U,9;F>)XC`XZBRBJHRZ?_ZR:XJ_NXH_'cRHN8A`B4Y^caP&bZ]IBBJ?2G=cXAV1RY`:R<L_32c?-2XU*+%Z7BU)25&O_$AQHBRBBY1_;FR.-WB?OP*W3@MIQcA?aQ%4YLOW.%PAQ*ZN9<HEJQ&:bSPAF]]X1a22aZRYVVY0aYD0<<R+FZ)*?WZJb8AaB%*DJMV>IH'ScVG^?&cVbW>Z>Z%_aT6.DcB4P_K:>KRC:@_SJNJ1JDTP)X=7TZbZO__][QY@^c:B7N+XZO4BH,bYB^=a[*9-A];*2%A2Bc/[B-a8<]#],([(B@PNc@Y`5X?^SPA7X^[AWcEXb#[G0%:LZTaNDbc%R63NYU)a`8N&BB>,aAVc^KAa:KXYRACFOaM2@,9ZR]>PEA(VP][Z(*a'=RWVbNS<B6Q1F:^^c_ZW@P$A9JaZbW)aTc9T(B_;7C@cBRAMU%U1@BbS:Tc4R@V([`6MSa(2X@UcP[ba#=c'Z_HV6^6^A:P/NW-1a_CK)a><_R<J@]F@^`PBHD]I0QY(PH:5EQZHbGYY@.@P[*P02X'Aa^c@Z?Y_a/ZNaCN:(B95RRXVVXVa@c:>A(BL]2@b;Z8@*a@KZM:1cVZ&_A-PP=^PaJW._O2O'c5T9K_[H0YW6UQU;.VBNZ=_6baO2a^CR?Y_FB&8FG`Sa4ZRP_6AaU@bO2aPDN&.8b2TF9ZZ#@#cR&22Vc,R8`1ZNa67VR,bYN'bN``<XMaEQBJ[a]?I0UNX06Y`.cX-J^2U1ZEJLL2NH@<^QB%>cB8*@Oc:_T2Mc%_X>9.K0IBQa_aLZR5R9Z+`OP>Y>@_&1c.&_-T/U_cA[RK*aX^2>N>]b4NUR[&6Y[BbcR:6a)]b^A@ZP81aQS2PcPLcJ1VBQD]0ZJ]Fb:Y'PKE=PA[XbC9Z=FbQ3LY;NaI26:QZ[DXbY^PGQZ*B?*<9JZbMKX5(Z5>5_c_Q[:Z*]8CFT5[<VXWQc:/`XFcYN^^N)bNPV^_7=c%aQ70QO]*H=^OcZcPBVQ`K0bQ[:?a5@_BO=RB#a$RK$<TL["] as const;
