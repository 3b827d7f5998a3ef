/// The outlines of the letters in captions.
///
/// The font is Aileron Regular by Sora Sagano, dedicated to the public domain (CC0 1.0). make_letters.py, beside the
/// pictures for the tests, makes this file.
enum LetterOutlines {
    /// Numbers of two digits to the base of 90, from `%` for 0 to `~` for 89; line ends mean nothing.
    ///
    /// A letter is `$`, its code point, its advance and its contours, between which stands `!`. A contour is pairs of
    /// x and y in thousandths of the font size, each 500 higher than it is, x doubled and with 1 added where the point
    /// lies on the curve and does not control it.
    static let text: StaticString = #"""
        $%E'I$%F'c3b,W1z,W1b293z29!25+o3K+o49+K49*m3K*I25*I1G*m1G+K$%G(j3n/z2</z2(2f4(2f!6x/z5F/z522f722f$%H+M96/48V
        -\:l-\:l,~8>,~7:*W5z*W6~,~4|,~3x*W2^*W3b,~1b,~1b-\3z-\4Z/42D/42D/l4r/l5v29762962/l84/l9829:R299N/l;N/l;N/4!7
        x/45v/45:-\7<-\$%I+M;n,X;m+a9?*T7D*K7D)W6*)W6**J3w*P1G+`1@,]3D,]3Q,'4s+=6*+56*.'3{.A1q/B1q12432<6*2E6*397D39
        7D2F992?;K1.;`089\089E1M7D1[7D.{9i.X;m-M!3v0G3u/p4u/:6*/*6*1[5'1S3u0u!7D-v7D+48O+:9i+t9j,N9i-R$%J-92m2C5o2C7
        [1G7[/i5o.m2m.m1'/i1'1G!4D*W2J*W<F29>@29!4{1a3a1a2u1.2v0X2u0)3a/O4{/O5g0)5h0X5g1.!:q-y=s-y?_,}?_+E=s*I:q*I9+
        +E9+,}!=%-=;e-=:y,d:z,4:y+_;e++=%++=k+_=l,4=k,d$%K,==z.p=z.*;n.*;n*^9i*I7\*I4c*I1U+C1V,P1U-63M.@5*.O3g.]23/T
        24052313552G7Z2G9)2G:<2=:<1R9%1]7T1]6%1]4?0t4@0:4?/R5m.t76.q7Y.p8X.p9v.p9v0,;n0,;n.p!3b,]3a+p5U+37`+38w+39v+
        <9v.*8X.*7_.*78.(5G-{3a-6$%L&{2r/z1@/z1,2f3,2f$%M(R5(396B393e1'3e+s6B)a5()a3i*\2C-12C/i3i2>$%N(R0l392,393C2>
        4i/i4i-13C*\2,)a0l)a3G+s3G1'$%O+96n-q:<.T:b-s72-J9`+t8V+O6D-442+O3(+t5V-J2&-s2L.T5t-q5`/p7(/p$%P+M;:-h78-h78
        +R5x+R5x-h1v-h1v.F5x.F5x0`780`78.F;:.F$%Q'M3:+W1:)9/L)914+a3:+a$%R()5R-H0p-H0p.&5R.&$%S'M1g+o2}+o3k+K3k*m2}*
        I1g*I0y*m0y+K$%T(F1H*90&*95Z2W6|2W$%U+M1'2G<-2G<-*I1'*I!33+39{+39{1]331]$%V+M922992*W7:*W7:183&/{3&0|6<1}7'2
        97x29$%W+M4:+C;h+C;h*W1N*W1N+.7&-y8O.c9a/^9b039a0l891]6x1]4/1]3j/y3h/o1p/o1r/y2+104o2G722G9G2G;m15;n0=;m/T:3
        .=8,-:$%X+M8x.^:E.L;}-K;~,c;}+`8g*I6L*I1[*I12,e10,o3(,o3*,e37+y51+36\+38)+39q+z9r,^9q.)68.)5p.)5p.o68.o7].o9
        Q/]9R0B9Q0v8%1]6l1]5S1]3m0r3`003^0&1f0&1h001{154e2G7(2G912G;]1A;^0L;]/l:1.n$%Y+M<@,Q:F,Q:F*W8N*W8N,Q0r,Q0r,|
        8N29:F29:F-=<@-=!8N-=8N0z7m0H76/|3>-=$%Z+M6z/\9I/\<).6<*-)<)+p8o*I6Z*I1q*I1J,Z1H,d3@,d3D,Z3w+36X+38-+39w,09x
        ,}9w-q85.r6`.r4Q.r3N-j1^-j2d29;J29;J1M4<1M3X.k4T/?5Y/\$%[+M6p/g95/g;w.@;x-1;w+x8q*I6R*I1+*I1,.'1+084K2G7&2G8
        }2G;W1<;h0A;j079f079b0A911]6r1]3G1]34.W4(/;57/g!6R+37y+39k,69l-'9k-u83.}6R.}5/.}3?-|3@-)3?,:5++3$%\+M<,29<,1
        k4L*W2H*W9h1M1:1M1:29$%]+M9..\:E.I<'-F<(,d<'+U8o*H6X*H43*H1-+T1.,d1--F2q.I42.[3+.n1i/d1j0A1i1<4M2G8y2G;]1<;^
        0A;]/d:9.n!8+1]5A1]3o0r3p0>3o/a5?.w8).w9W/a9X0>9W0r!6\+289+29u+|9v,`9u-@8;.36Z.34u.339-@3:,`39+}4{+2$%^+M6^2
        G<)2G<*.i<),X8c*I60*I41*I1W+T1H,O1F,Y3J,Y3N,O3}+36>+39g+39|.99.-U7w-)6@-)3y-)17.P18/_170r4=2G!6^-m8%-m9o.n9p
        /g9o0V8)1]6^1]551]3C0Z3D/i3C.u4{-m$%_'M1g0[2}0[3k073k/Y2}/51g/50y/Y0y07!1g+o2}+o3k+K3k*m2}*I1g*I0y*m0y+K$%`'
        M1g0[2}0[3k073k/Y2}/51g/50y/Y0y07!3<+_1<)9/L)914+k3<+k$%a+M;B/E3f-S;B+a;B*u2J-02J-t;B0/$%b+M;:.r1v.r1v/P;:/P
        !;:,^1v,^1v-<;:-<$%c+M:V-t:V-01^*u1^+_9:-Q1^/C1^0/$%d*V5v2G8+2G:S1::T0D:S/;86.,75-Y6O,|6L,W4T,W4]-*5E-m6@.C7
        Q/'8G/r8H0D8G0x7%1]5p1]4W1]2}0n2v0)0v0)0{1/3c2G!4q+o6-+o6u+K6u*m6-*I4q*I4)*m4)+K$%e.O>8/f<n,l<e,[<f,L<e,(=X,
        (>a,(@?-4@@.8@?/b<{1?:P1?9)1?6?0h4+/i2c.62d-=2c+f6;*)8~*):I*)=G*R>X*y?.*H<5)I8x)I5g)I1A+J1B-<1A.B2w005U1?8m1
        y:V1y=c1yAa/uAb.:Aa,p>w+H=0+H;1+H:v,6:L+g9I+@88+@6y+@5+,35,--5+.97m/x9t/x;7/x;p/Y<(/)<J/f!;6-D;H-k;e.T:u/6:&
        /68e/673-|74-373,(8b,(9U,(:y,n$%f,.:<-=4\-=2n*W0j*W6>298r29>2*W<,*W!52.)9h.)7T1O$%g+|:(.^;[.N=5-Y=6,n=5+p:w*
        h9:*\8O*W7>*W2D*W2D296r298/298r25<]1x<^0A<]/,!4<1M4<.x78.x7o.x8L.|:Y/1:Z0::Y1?8:1K7o1M7&1M!8^+E9i+J;1,.;2,e;
        1-y8`..7{.27L.24<.24<+C7X+C8)+C$%h,j8J2G;92G>I0{>`/k>b/a<j/a<f/k;{1]8F1]6)1]3?/n3@.I3?,|5}+38:+3;o+3<Z-%<^-/
        >V-/>T-%>?+t:}*I80*I4q*I13,]14.E1300532G$%i,t8|25;g2%?'01?(.P?',p;[*j8r*[8+*W6v*W2D*W2D297&298529!8`+H:_+W<y
        -2<z.P<y/g:g1:8j1H831M6v1M4<1M4<+C6l+C8'+C$%j+T<V+C<V*W2D*W2D29<B29<B1M4<1M4<.k;`.k;`.%4<.%4<+C$%k+@4<1M4<.k
        ;L.k;L.%4<.%4<*W2D*W2D29<B29<B1M$%l,u8~.<>P.<>P*W<l*W<l+u<.+5:e*I80*I4q*I13,]14.E1300532G8J2G;92G>I0{>`/k>b/
        a<j/a<f/k;{1]8F1]6)1]3?/n3@.I3?,|5}+38:+3:-+3<W,N<X-P8~-P$%m-/>\29>\*W<d*W<d-w4<-w4<*W2D*W2D294<294<.e<d.e<d
        29$%n'y4<*W2D*W2D294<29$%o+):|29:|-Q:{,z:x,X:m+W8A*I5|*I3o*I1I+^1F,e1D-43<-43@,e3M+36:+38m+39(,]9),q9*-T9*29
        $%p+j70.P=b*W:~*W5f-p4<-)4<*W2D*W2D294<294<.2;p29>,29$%q+H<V+C<V*W2D*W2D294<294<+C$%r.]A^29A^*W?f*W?f.R?e0T?
        j1E>}0-=v.S;6*W8l*W6(.U4m0A481C4;0R4<.R4<*W2D*W2D295R29:(+F>V29$%s,}>D*W;J*W461?4;/y4<.H4<*W2D*W2D295>29<R+Q
        <K,p<L.H<L29>@29$%t-64}2G;o2G?_06?`.H?_,[;o*I4}*I13,[14.H1306!6%+3:m+3=S,u=T.H=S/v:m1]6%1]3?/v3@.H3?,u$%u+_9
        .25:{2*=+0w=,/{=+/&:o-q9.-g8I-c7.-c4<-c4<*W2D*W2D297.298I29!8~.V;'.k;'118~1F8M1K7>1K4<1K4<.Q7>.Q8M.Q$%v-2<r+
        E>7+<?d*^>\)}<o*Y;\*Y:w*Y9~*P9?*I8J*I4}*I13,[14.H13064}2G;o2G?_06?`.H?_,G!3@.H3?,u6%+3:m+3=S,u=T.H=S/v:m1]6%
        1]3?/v$%w+t<L,X<c+*=N*W;D*W:k+6:T,P:9-j8:-q7s-r72-r4<-r4<*W2D*W2D297F298a299F25;12+=51*=601=5/K;].S:N.B<5-x!
        4<.^76.^8;.^8b.`9k.e;1/K;20);1198v1I8C1M7F1M4<1M$%x+R7.2G9G2G<%11<:0.:60.:)0p8G1]6z1]5_1]4'1'4(0M4'/p5S/67B.
        ~9w.c<G-X<H,\<G+]9G*I70*I4Y*I1S+]1>,g3B,g3_+}5_+374+38S+3:C+q:D,L:C-08]-s6Z..4E.E1}/C1~091}164w2G$%y+m=f1M8<
        1M8<*W6D*W6D1M0t1M0t29=f29$%z,Y=f29=f-H=e,x=b,d=Q+b:]*I5?*I2K+b2<,d27,x28-H2829402940-P4/-%44,m4?,)6;+39a+3;
        ],);j,m;m-%;n-P;n29$%{+w8d*W60*W0p292v297N+><429>829$%|/YE029@r*W>D*W:t147>*W4h*W0d292t296.+J9`2/<:2/?d+IC.2
        9$%}+z;f*W7:-m2t*W0b*W62.K1,293<297B/-;V29=h298J.N=|*W$%~+N7t-Y7t*W5|*W5|-Y0V292h297&.R;229=@29$&%+X<j+C<j*W
        12*W12+?:J1M1j1M1j29<^29<^1N3J+C$&&(J5x395x2[3Z2[3Z*?5x*?5x)a2@)a2@39$&'(F6|*95Z*90&2W1H2W$&((>4R)a0t)a0t*?3
        8*?382[0t2[0t394R39$&)+M9f,z6Z0k3N,z1v,z5n1I7B1I;:,z$&**W:0)[1:)[1:*9:0*9$&+(C441%2x1%1(292n29$&,*v8T*W8B+I7
        b*j6[*I4f*I3)*I0w+?0x,,0w--4/..7V..8@..8@.<8?.h8<.|8-/s5|/s3]/s3L.]1L.]1W/W3}0[5|0[9o0[:2/):7.d:8.=:8,*:7+G:
        L*W!5F+16e+18?,%8@,l8@-H3%-Z3&,33%+1$&-+l7b0[:50[='.x=(-Z=',)9e*I7>*I6Q*I4s*\4N*l3b+F3b*W1j*W1j2f3b2f3b/R4X0
        15a0[!7>+18u+1:y,E:z-P:y.T9-/s7H/s5i/s3a.h3b-W3b-:3a,55o+1$&.*t6B0[8I0[;'/M;@.O9@.O8a/s6>/s4m/s2s.c2t-W2s,D4
        e+162+17A+18u+m96,L;6,L:i+L8)*I6(*I3a*I0k+z0l-Q0k.x3}0[$&/+p<*2f<**W:2*W:2+R9<*s81*I62*I3]*I0k,,0l-J0k.{4-0[
        6V0[7A0[8y0H9F08:2/^:22f!6L+18)+1:1,<:2-M:2-j:1.o7}/s6V/s4w/s2s._2t-T2s,P4e+1$&0+.;L-a;K-K;H-82r-82},/4m+16:
        +17I+19++p9>,N;>,N:y+M8+*I62*I3g*I0k+}0l-P0k.u3y0[6H0[8i0[;K.~!6D/s4w/s3'.s2t-z9R-z97/s$&1(93p1Y3i1D3j0}3j0I
        660I66/a3j/a3j*W1r*W1r/a0Z/a0Z0I1r0I1r0u1q1@1x1[2+2:3c2y5(2y5e2y6H2t6H2-4+2@$&2+p<*0M<*,%<)+5<(*r;y)Y9%(96L(
        91U(914*412*>3,*>3.*537)]4y({6L({83({:))v:0*i:1+(:2+I:2+R9<*s81*I62*I3]*I0k,,0l-J0k.{4-0[6V0[7A0[8y0H9F08:2/
        ^:20M!6L+18)+1:1,<:2-M:2-j:1.o7}/s6V/s4w/s2s._2t-T2s,P4e+1$&3+Z;b.t;e.Y;f-s;f*W9n*W9n-m9m.D9j._9a/78E/r7,/q5
        U/o3a.W3b-23b*W1j*W1j2k3b2k3b/L4J0/5a0[7P0[9E0[;U/a$&4'_272G392G3y2'3y1S391327131Q1S1Q2'!3b*W1j*W1j0M3b0M$&5
        'Z2-2G3/2G3o2'3o1S3/132-131G1S1G2'!3X0M3X*)3W)^3R)C3;(90h(90/(9/p(;/p)'1O(z1\)S1_)a1`*%1`0M$&6*m9,*W4l-)3b,L
        3b*W1j*W1j2f3b2f3b-P940M;\0M60-a;b*W$&7'h3Z2f3Z,;3Y+t3\+c3_+I4=+75*+;5**W4Q*S3d*S2i*S1g*w1d+L1a+^1b,81b2f$&8
        .RAL/4AU.lAV.3AV*W?^*W?^-e?].N?V.r?=/q=6/q:[/q:\-O:\*W8d*W8d-e8c.N8\.r8C/q6</q3a/q3b-O3b*W1j*W1j0M3b0M3b/Z4L
        0<5=0[6x0[890[9{0%:B/R;F0<<70[=r0[?E0[A9/n$&9+Z;b.t;e.Y;f-s;f*W9n*W9n-m9m.D9j._9W/q7,/q5W/q3a.W3b-23b*W1j*W1
        j0M3b0M3b/L4J0/5a0[7P0[9E0[;U/a$&:+S3k0[9O0[<O.p<O,49O*I3k*I0k,40k.p!4s+18G+1:G,M:H-R:G.X8G/s4s/s2s.X2t-R2s,
        M$&;+l7b0[:50[='.x=(-Z=',)9e*I7>*I6Q*I4s*\4N*l3b+F3b(G1j(G1j0M3b0M3b/R4X015a0[!7>+18u+1:y,E:z-P:y.T9-/s7H/s5
        i/s3a.h3b-W3b-:3a,55o+1$&<+p<*0M<*(G:2(G:2+R9<*s81*I62*I3]*I0k,,0l-J0k.{4-0[6V0[7A0[8y0H9F08:2/^:20M!6L+18)+
        1:1,<:2-M:2-j:1.o7}/s6V/s4w/s2s._2t-T2s,P4e+1$&=(a6H0Y6s0Y760R76/k5[/p3a.t3b-w3b*W1j*W1j0M3b0M3b/T4h0A5S0Y$&
        >*.560[7/0[9A/[9T.j7T.j7-/s5(/s4+/s3+/H3,.~3+.Y4A.15`-{7e-b9_,m9`,+9_+=79*I5>*I3E*I0w+C0`,?2`,?3++15J+16I+17
        c+Y7d+~7c,J6K,x4x-03--F1/.410.t1//b3C0[$&?(P4*/a4*,>4)+}4,+o41+I4}+360+960*T5K*O4R*O3G*O2;*{24+R21+`22,:22/a
        0X/a0X0I220I221j4*1j4*0I6<0I6</a$&@+Y;V0M;V*W9^*W9^+W8v*s7]*I5p*I4+*I1w+<1d+v1Y,>1Z,w1Z0M3R0M3R--3Q,b3Z,>3e+
        j51+36B+37o+39],L9^-r9^0M$&A*e;J0M6z*W4\*W020M2<0M5r+<9H0M$&B-fAL0M=b*W;J*W8l/S64*W3v*W020M2D0M5,+O7`0M:(0M<
        `+R?H0M$&C*E6H-W:X*W8D*W5<,x26*W/~*W48-U020M2J0M5F.48B0M:T0M$&D*d;H0M6V**5m)/3o(92J(91e(91L(;1L)'1e)&20)&3')
        &49)P4b*)4p*<020M2@0M5n+=9@0M$&E*19h+A9h*W0X*W0X+?7J/_1*/_1*0I9^0I9^/^2p+A$&F(F602[5r2[4w2[412C422*411n4H0z4
        a/y4b/Y4a/.3_.S2h.N3_.I4a-l4b-A4a,{4H+z41+,42*p41*W4w*?5r*?60*?60)a5t)a4E)a2q*62r*q2q+/30,*3E,v3F->3E.)1V.11
        V.i3E.q3F/\3E/~300p2q1k2r2)2q2d4E395t396039$&G'k3V(C2<(C2<3M3V3M$&H(F5L.i5L.13[.)3\->3[,v3r,*4/+/40*q4/*62[)
        a1.)a0r)a0r*?10*?2)*?2o*W2p*p2o+,2Z+z2?,{2@-A2?-l3A.G4:.L3A.Q2?/.2@/Y2?/y2Z0z2o1n2p2*2o2C2)2[102[0r2[0r391.3
        92[394/2d402)4/1k3r0p3[/~3\/\3[.q$&I+M:(.S;>.S;=-(8p-(89-(7;-96<-Q4m-t44-t3+-t3,-(1p-(1o.S4>.S4s.S5q.B6r.*8?
        -a8z-a:'-a$&t.A5o2o='2oAy0CAy,a='*55o*50w,a0w0C!<M256I252?0*2@.R2?,y6I*o<M*o@W,y@X.R@W0*!9X1+;C1+=]0-=|/>;x/
        >;S0A9X0A8=0A6u/D6u-b8C,c9X,c:Q,c;i->;v-f=z-f=U,u;=+y9F+y7A+y4i-C4j.P4i/a7G1+$&v+67N/34J-A7N+O5p+O2l-A5p/3!;
        :/386-A;:+O9\+O6X-A9\/3$&{(A2;2G4[2G6/1_6/0O4[/g2;/g0g0O0g1_!4%1i2q1i2/1F2/0h2q0E4%0E4g0h4g1F$&|+M78.J;:.J;:
        -l78-l78+l5x+l5x-l1v-l1v.J5x.J5x0F780F!;:*W1v*W1v+5;:+5$'%(C3z1%2d1%4*295p29$'(';1e.e3%.e3u.=3u-]3%-51e-50o-
        ]0o.=$',+66*-A3&+O1H+O4L-A1H/33&/3!9p-A6l+O54+O88-A54/36l/3
        """#
}
