// The editor of the SPARQL page: YASGUI over our endpoint, with the query in the page's address and nothing kept.
"use strict";
(() => {
  const plain = document.getElementById("plain");
  const place = document.getElementById("editor");
  const example = document.getElementById("example");
  if (!window.Yasgui || !plain || !place) return;
  const Yasgui = window.Yasgui.default || window.Yasgui;
  const shared = new URLSearchParams(location.hash.slice(1)).get("query");
  const text = shared || document.getElementById("text").value;
  plain.hidden = true;
  place.hidden = false;
  // Names are completed from what is here: YASGUI itself would ask others for classes and properties.
  const prefixes = Object.entries(JSON.parse(place.dataset.prefixes)).map(([name, iri]) => `${name}: <${iri}>`);
  Yasgui.Yasqe.forkAutocompleter("prefixes", { name: "ours", persistenceId: null, get: () => Promise.resolve(prefixes) }, false);
  Yasgui.Yasqe.defaults.autocompleters = ["ours", "variables"];
  const yasgui = new Yasgui(place, {
    // A query may be somebody's own business: the browser keeps none of them.
    persistenceId: null,
    populateFromUrl: false,
    copyEndpointOnNewTab: true,
    requestConfig: { endpoint: location.origin + "/sparql", method: "POST" },
    endpointCatalogueOptions: { getData: () => [] },
    yasqe: { value: text, persistenceId: null, autofocus: false },
    yasr: { persistenceId: null },
  });
  const asked = () => yasgui.getTab().getYasqe();
  asked().setOption("lineWrapping", true);
  asked().setOption("viewportMargin", Infinity);
  asked().setValue(text);
  asked().getInputField().setAttribute("aria-label", "Query");
  // What YASGUI leaves without a name for those who cannot see it.
  const named = { ".tableSizer": "Rows a page", ".tableFilter": "Filter the results" };
  const name = () => {
    for (const [what, label] of Object.entries(named)) {
      for (const one of place.querySelectorAll(what)) one.setAttribute("aria-label", label);
    }
    for (const head of place.querySelectorAll("thead th")) {
      const title = head.querySelector(".dt-column-title") || head;
      if (!head.textContent.trim()) title.textContent = "#";
    }
    for (const one of place.querySelectorAll(".dataTables_wrapper, .dt-container, .yasr_results")) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    }
  };
  new MutationObserver(name).observe(place, { childList: true, subtree: true });
  name();
  const share = () => history.replaceState(null, "", "#" + new URLSearchParams({ query: asked().getValue() }));
  yasgui.on("tabChange", share);
  yasgui.on("query", share);
  document.getElementById("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    asked().setValue(example.selectedOptions[0].dataset.query);
    share();
  });
  place.dataset.ready = "yes";
})();
