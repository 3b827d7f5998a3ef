/// How pages look: light and dark, from a phone to paper.
enum PageStyle {
    static let text = base + tables + map + figures + media

    private static let base = """
        :root { color-scheme: light dark;
          --ground: #f7f6f3; --card: #ffffff; --ink: #1d1c1a; --soft: #5b574f; --line: #dcd8cf; --link: #0a58a6; --bar: #2f6ea8;
          --mark: #fff0c2; --c0: #e6eae6; --t0: #4a544c; --c1: #fff4d6; --c2: #fee6a6; --c3: #fdcb6c; --c4: #fba545; --c5: #ef7a1c;
          --c6: #b94509; --c7: #7c2703; --low: #1d1c1a; --high: #ffffff; --c5t: #1d1c1a; --cx: #cde2f8; --tx: #0b3a66; --cb: #b00020;
          --tb: #ffffff; }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        header, main { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
        header { padding-top: 1.75rem; }
        .command { margin: 0; color: var(--soft); font: 600 .85rem/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
        h1 { margin: .2rem 0 .4rem; font-size: 1.7rem; line-height: 1.25; font-weight: 650; text-wrap: balance; overflow-wrap: anywhere; }
        h1::first-letter { text-transform: uppercase; }
        .also { margin: 0 0 .4rem; font-size: 1.1rem; overflow-wrap: anywhere; }
        h2 { margin: 0 0 .6rem; font-size: 1.15rem; scroll-margin-top: 1rem; }
        h3 { margin: 0; font-size: .95rem; }
        a { color: var(--link); }
        .facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .8rem 0; font-size: .92rem; }
        .facts dt { color: var(--soft); }
        .facts dd { margin: 0; overflow-wrap: anywhere; }
        nav { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; padding: .6rem 0; border-top: 1px solid var(--line); font-size: .92rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.25rem; margin: 1rem 0; }
        section p { margin: 0 0 .7rem; }
        .note { color: var(--soft); font-size: .9rem; max-width: 62rem; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }

        """

    private static let tables = """
        .scroll { overflow-x: auto; max-width: 100%; }
        table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
        th, td { padding: .28rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; vertical-align: top; }
        tbody th { font: 400 .8rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
        th.n, td.n { text-align: right; }
        thead th { border-bottom: 2px solid var(--line); padding: 0; }
        thead button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: .35rem .6rem; width: 100%;
          text-align: inherit; cursor: pointer; white-space: nowrap; }
        thead button::after { content: " \\2195"; color: var(--soft); font-weight: 400; }
        thead th[aria-sort="ascending"] button::after { content: " \\2191"; color: var(--link); }
        thead th[aria-sort="descending"] button::after { content: " \\2193"; color: var(--link); }
        thead button:hover { text-decoration: underline; }
        tbody tr:hover { background: var(--ground); }
        tbody tr:target, tbody tr:focus { background: var(--mark); outline: none; }
        .part { padding-left: 1.2rem; }
        .spark { font: .8rem/1 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; white-space: pre; color: var(--bar); }
        .filter input { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: .3rem;
          padding: .15rem .5rem; width: min(20rem, 100%); }

        """

    private static let map = """
        .map { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem 1.5rem; align-items: start; }
        .map .wide { grid-column: 1 / -1; text-align: center; color: var(--soft); border: 1px dashed var(--line); border-radius: .4rem;
          padding: .2rem; font-size: .88rem; }
        .map .left { grid-column: 1; }
        /* Read upwards, as the decoder goes. */
        .map .right { grid-column: 2; display: flex; flex-direction: column-reverse; }
        .map .title { color: var(--soft); align-self: end; }
        .title.down::after { content: " \\2193"; }
        .title.up::after { content: " \\2191"; }
        .map .end { display: none; }
        .stage { border-left: 3px solid var(--line); padding: .1rem 0 .3rem .7rem; }
        .stage h4 { margin: 0 0 .2rem; font: 600 .8rem/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
        .stage h4 span { font-weight: 400; color: var(--soft); }
        .parts { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: start; }
        .blocks { display: flex; flex-wrap: wrap; gap: .35rem .6rem; }
        .block { display: flex; flex-wrap: wrap; gap: 2px; }
        .cell { display: inline-block; width: 1.3rem; height: 1.3rem; border-radius: .2rem; font: 600 .74rem/1.3rem ui-monospace, monospace;
          text-align: center; text-decoration: none; color: var(--low); background: var(--c0); }
        a.cell:hover { outline: 2px solid var(--link); outline-offset: 1px; }
        a.cell:hover::after, a.cell:focus-visible::after { content: attr(aria-label); position: fixed; z-index: 9; left: 1rem; bottom: 1rem;
          max-width: calc(100vw - 2rem); padding: .4rem .8rem; border-radius: .3rem; background: var(--ink); color: var(--card);
          font: .85rem/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; text-align: left; }
        .l0 { background: var(--c0); color: var(--t0); } .l1 { background: var(--c1); } .l2 { background: var(--c2); }
        .l3 { background: var(--c3); } .l4 { background: var(--c4); } .l5 { background: var(--c5); color: var(--c5t); }
        .l6 { background: var(--c6); color: var(--high); } .l7 { background: var(--c7); color: var(--high); }
        .lx { background: var(--cx); color: var(--tx); } .lb { background: var(--cb); color: var(--tb); }
        .legend { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; margin: .9rem 0 0; padding: 0; font-size: .85rem;
          color: var(--soft); }
        .legend .cell { margin-right: .35rem; }

        """ + (1...40).map { ".r\($0) { grid-row: \($0); }" }.joined(separator: " ") + "\n"

    private static let figures = """
        figure { margin: 0 0 1rem; }
        figcaption { font-size: .9rem; margin-bottom: .3rem; overflow-wrap: anywhere; }
        .histogram svg { display: block; }
        .histogram rect { fill: var(--bar); }
        .histogram text { fill: var(--ink); font: 11px system-ui, sans-serif; text-anchor: middle; }
        .axis { color: var(--soft); font-size: .82rem; }
        .pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; }
        .pictures img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: .3rem;
          image-rendering: auto; background: var(--ground); }
        .pictures figcaption strong { display: block; }
        .measures { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: 0 0 .9rem; }
        .measures dt { color: var(--soft); font-size: .82rem; }
        .measures dd { margin: 0; font-size: 1.25rem; font-weight: 600; }

        """

    private static let media = """
        @media (prefers-color-scheme: dark) { :root {
          --ground: #131519; --card: #1b1e23; --ink: #e9e7e2; --soft: #aaa598; --line: #363a41; --link: #84baf2; --bar: #6aa5dd;
          --mark: #4a3c12; --c0: #2b3136; --t0: #b4bcc2; --c1: #3b2c14; --c2: #573a13; --c3: #7a4c10; --c4: #935607; --c5: #d98316;
          --c6: #f5ae4e; --c7: #ffdda3; --low: #f4efe6; --high: #1d1c1a; --c5t: #1d1c1a; --cx: #17395c; --tx: #c8e3ff; --cb: #ff6b7d;
          --tb: #1d1c1a; } }
        @media (max-width: 46rem) {
          header, main { padding: 0 .8rem; } header { padding-top: 1rem; } h1 { font-size: 1.3rem; }
          section { padding: .9rem .8rem; border-radius: .4rem; }
          .map { display: flex; flex-direction: column; align-items: stretch; }
          .map .right { flex-direction: column; } .map .title { align-self: start; } .title.up::after { content: " \\2193"; } .map .end { display: block; }
          tbody th { white-space: normal; min-width: 13rem; overflow-wrap: anywhere; }
          .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
          .cell { width: 1.4rem; height: 1.4rem; line-height: 1.4rem; } .pictures { grid-template-columns: 1fr; } }
        @media print {
          :root { --ground: #ffffff; --card: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; }
          nav, .filter, .skip { display: none; } section { border: 0; padding: 0; break-inside: auto; }
          .scroll { overflow: visible; } thead button::after { content: ""; } a { color: inherit; text-decoration: none; }
          .cell, .histogram rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } tr, .stage, figure { break-inside: avoid; } }
        """
}
