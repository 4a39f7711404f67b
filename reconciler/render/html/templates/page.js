"use strict";
(() => {
  const tools = document.querySelector(".tools");
  if (!tools) return;
  const filter = document.getElementById("filter");
  const removals = document.getElementById("removals");
  const status = document.getElementById("status");
  const cards = [...document.querySelectorAll("article")];
  const entries = [...document.querySelectorAll("nav li")];
  const words = cards.map((card) => card.querySelector("header").textContent.toLowerCase());
  let at = -1;

  const show = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = removals.checked;
    document.body.classList.toggle("only-removals", only);
    let left = 0;
    cards.forEach((card, n) => {
      const fits = wanted.every((word) => words[n].includes(word)) && (!only || card.classList.contains("removes"));
      card.hidden = entries[n].hidden = !fits;
      left += fits;
    });
    status.textContent = wanted.length || only ? `${left} of ${cards.length} shown` : "";
  };

  const go = (step) => {
    const inside = cards.findIndex((card) => card.contains(document.activeElement));
    let next = (inside < 0 ? at : inside) + step;
    while (cards[next] && cards[next].hidden) next += step;
    if (!cards[next]) return;
    at = next;
    cards[at].focus({ preventScroll: true });
    cards[at].scrollIntoView();
  };

  filter.addEventListener("input", show);
  removals.addEventListener("change", show);
  tools.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === filter) {
      if (event.key === "Escape") {
        filter.value = "";
        show();
        filter.blur();
      }
      return;
    }
    if (event.key === "/") filter.focus();
    else if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else return;
    event.preventDefault();
  });
  tools.hidden = false;
  show();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));
})();
