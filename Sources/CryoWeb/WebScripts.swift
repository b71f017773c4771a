import CryoReport

/// The scripts and styles that pages load beside those of the report.
enum WebScripts {
    /// Follows a run.
    static let live = """
        (() => {
          const byId = id => document.getElementById(id);
          const grid = byId("figures"), canvas = document.querySelector(".viewer canvas");
          const events = new EventSource("events");
          const heard = () => { byId("connection").hidden = true; };
          events.addEventListener("facts", e => {
            heard();
            const { html, state } = JSON.parse(e.data);
            byId("facts").innerHTML = html;
            if (state !== "running" && byId("stop")) byId("stop").disabled = true;
          });
          events.addEventListener("figures", e => {
            heard();
            const { figures, density } = JSON.parse(e.data);
            let isNew = false;
            for (const { id, html } of figures) {
              const old = byId(id);
              if (old) old.outerHTML = html; else { grid.insertAdjacentHTML("beforeend", html); isNew = true; }
            }
            // In the order in which they came, whenever each first appeared.
            if (isNew) for (const { id } of figures) grid.append(byId(id));
            if (density) {
              byId("waiting").hidden = true;
              canvas.dispatchEvent(new CustomEvent("density", { detail: density }));
            }
          });
          events.addEventListener("end", () => { heard(); events.close(); if (byId("stop")) byId("stop").disabled = true; });
          events.addEventListener("reload", () => { events.close(); location.reload(); });
          events.onerror = () => { byId("connection").hidden = false; };
          const ask = byId("ask");
          if (!ask) return;
          byId("stop").addEventListener("click", () => ask.showModal());
          byId("no").addEventListener("click", () => ask.close());
          byId("yes").addEventListener("click", () => { ask.close(); fetch("stop", { method: "POST" }); });
        })();
        """

    /// Waits for a comparison.
    static let compare = """
        (async () => {
          const place = document.getElementById("comparison");
          const answer = await fetch("result");
          place.innerHTML = await answer.text();
          document.dispatchEvent(new Event("viewers"));
        })();
        """

    /// What the report's style does not have.
    static let style =
        PageStyle.css + """

            .live { display: flex; gap: 16px; align-items: baseline; justify-content: space-between; flex-wrap: wrap; }
            button { font: inherit; padding: 6px 16px; border-radius: 8px; border: 1px solid var(--line); background: var(--card);
              color: var(--ink); cursor: pointer; }
            button.stop { border-color: var(--bad); color: var(--bad); } button:disabled { opacity: .45; cursor: default; }
            dialog { max-width: min(520px, 92vw); border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); }
            dialog::backdrop { background: #0008; } .answers { display: flex; gap: 12px; flex-wrap: wrap; margin-bottom: 0; }
            progress { width: 100%; height: 12px; accent-color: var(--c0); } .empty { color: var(--soft); }
            nav { display: flex; gap: 6px 18px; flex-wrap: wrap; margin-bottom: 14px; font-size: .95rem; }
            .runs { overflow-x: auto; margin: 16px 0; } .runs th, .runs td { padding: 6px 16px 6px 0; vertical-align: top; white-space: nowrap; }
            .runs td.wrap { white-space: normal; } .runs a + a { margin-left: 12px; }
            .pair th { width: 34%; }
            /* On a narrow window a run takes a few lines instead of a row. */
            @media (max-width: 700px) { .runs tr { display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 8px 0; }
              .runs tr:first-child { display: none; } .runs td { padding: 0; } .runs td.wrap { flex-basis: 100%; color: var(--soft); }
              .runs td:last-child:not(:empty)::before { content: "lay upon "; } }
            """
}
