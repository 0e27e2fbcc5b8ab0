// The keyboard of the labelling page. Everything it does is a radio button or a form that is there without it.
(() => {
  "use strict";
  const form = document.getElementById("label-form");
  const skip = document.getElementById("label-skip");
  const keys = document.getElementById("label-keys");
  const scales = form ? [...form.querySelectorAll("[data-scale]")] : [];
  const focusScale = (scale, how) => scale && (scale.querySelector("input:checked") || scale.querySelector("input")).focus(how);
  const currentScale = () => document.activeElement.closest("[data-scale]");
  const isTyping = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox])");

  const choose = (input) => {
    if (!input) return;
    input.checked = true;
    input.focus();
  };
  const mark = (position) => choose((currentScale() || scales[0]).querySelectorAll("input")[position]);
  const move = (by) => {
    const now = scales.indexOf(currentScale());
    focusScale(scales[now < 0 ? 0 : Math.min(scales.length - 1, Math.max(0, now + by))]);
  };
  // A form is sent once: Enter may be pressed again before the next page comes.
  const send = (which) => {
    if (which.dataset.sent) return;
    if (which.reportValidity()) which.requestSubmit();
  };
  for (const one of [form, skip?.querySelector("form")]) {
    one?.addEventListener("submit", (event) => {
      if (one.dataset.sent) event.preventDefault();
      one.dataset.sent = "yes";
    });
  }
  addEventListener("pageshow", () => { if (form) delete form.dataset.sent; });

  const openSkip = () => {
    skip.open = true;
    skip.querySelector("input[type=radio]").focus();
  };
  const closeAll = () => {
    if (skip) skip.open = false;
    if (keys) keys.open = false;
    focusScale(currentScale() || scales[0]);
  };

  const actions = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => send(form),
    Escape: closeAll,
    n: () => mark(5),
    0: () => mark(5),
    s: openSkip,
    "?": () => { keys.open = !keys.open; },
  };
  for (const number of [1, 2, 3, 4, 5]) actions[number] = () => mark(number - 1);
  const inSkip = {
    Enter: () => send(skip.querySelector("form")),
    Escape: closeAll,
  };
  for (const number of [1, 2, 3, 4, 5]) inSkip[number] = () => choose(skip.querySelectorAll("input[type=radio]")[number - 1]);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (isTyping(event.target) && key !== "Escape") return;
    if (key === "u") {
      event.preventDefault();
      document.querySelector('[data-label-key="u"]')?.click();
      return;
    }
    if (!form) return;
    // A link, a summary or a button that has the focus keeps its Enter.
    if (key === "Enter" && event.target.closest("a, summary, button")) return;
    const isSkipping = skip.open && skip.contains(event.target);
    const act = isSkipping ? inSkip[key] : actions[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // The number of a citation opens what it leads to.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#source-"]');
    const source = link && document.getElementById(link.getAttribute("href").slice(1));
    if (source) source.open = true;
  });
  // On a phone there are no keys, and the page begins with the conversation.
  if (matchMedia("(width > 800px)").matches) {
    focusScale(scales.find((scale) => !scale.querySelector("input:checked")) || scales[0], { preventScroll: true });
  }
})();
