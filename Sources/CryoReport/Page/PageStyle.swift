/// The look of the page: light and dark, wide and narrow, printable.
package enum PageStyle {
    /// The style sheet.
    package static let css = """
        :root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --paper: #ffffff; --card: #f6f8fa; --line: #d5dbe2;
          --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #b8860b; --c5: #56b4e9; --good: #00785a; --bad: #b3400a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b4; --paper: #14181e; --card: #1c222a;
          --line: #333c47; --c0: #56a8e0; --c1: #f08a4b; --c2: #35c79a; --c3: #dd9fc4; --c4: #e6b84c; --c5: #8fd0f5; --good: #35c79a; --bad: #f08a4b; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 24px 16px 64px; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 0 0 10px; }
        .lead { font-size: 1.15rem; margin: 12px 0; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        .soft, figcaption, .scale { color: var(--soft); font-size: .92rem; }
        .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 18px; }
        figure, section { margin: 0; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
          min-width: 0; }
        figure.wide { grid-column: 1 / -1; }
        figcaption { margin-top: 8px; }
        .facts { display: flex; flex-wrap: wrap; gap: 10px; margin: 16px 0 22px; padding: 0; list-style: none; }
        .facts li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 8px 14px; }
        .facts b { display: block; font-size: 1.25rem; }
        .picture { max-width: 100%; height: auto; border-radius: 6px; image-rendering: auto; }
        .viewer canvas { width: 100%; max-width: 560px; height: auto; display: block; margin: 0 auto; touch-action: none; cursor: grab; }
        .viewer label { display: flex; gap: 10px; justify-content: center; align-items: center; }
        .viewer input { width: min(320px, 60%); }
        .small .picture { max-height: 170px; width: auto; }
        .still { text-align: center; background: #fff; border-radius: 6px; padding: 4px; }
        svg.plot { width: 100%; height: auto; display: block; overflow: visible; }
        svg text { fill: var(--ink); font-size: 13px; } svg .note { fill: var(--soft); font-size: 12px; }
        svg line.grid { stroke: var(--line); stroke-width: 1; } svg .frame { fill: none; stroke: var(--soft); }
        svg .threshold { stroke: var(--soft); stroke-dasharray: 3 4; }
        .curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .curve.dashed { stroke-dasharray: 7 5; }
        .c0 { stroke: var(--c0); --c: var(--c0); } .c1 { stroke: var(--c1); --c: var(--c1); } .c2 { stroke: var(--c2); --c: var(--c2); }
        .c3 { stroke: var(--c3); --c: var(--c3); } .c4 { stroke: var(--c4); --c: var(--c4); } .c5 { stroke: var(--c5); --c: var(--c5); }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 6px 0 0; padding: 0; list-style: none; font-size: .92rem; }
        .swatch { display: inline-block; width: 26px; border-top: 3px solid var(--c); margin-right: 7px; vertical-align: middle; }
        .swatch.dashed { border-top-style: dashed; }
        .key { display: inline-block; width: 130px; height: 12px; vertical-align: middle; }
        table { border-collapse: collapse; width: 100%; font-size: .95rem; }
        th { text-align: left; font-weight: 500; color: var(--soft); padding: 3px 14px 3px 0; vertical-align: top; }
        td { padding: 3px 0; overflow-wrap: anywhere; } tr + tr { border-top: 1px solid var(--line); }
        code { display: block; padding: 10px; background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
          overflow-wrap: anywhere; white-space: pre-wrap; }
        a { color: var(--c0); }
        @media (max-width: 560px) { svg text, svg .note { font-size: 19px; } figure, section { padding: 12px; } }
        .warning { border-left: 4px solid var(--bad); padding: 4px 12px; margin: 8px 0; }
        """
}
