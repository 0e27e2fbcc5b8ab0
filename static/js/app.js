// Comfort on top of pages that work without it: theme, menus, confirmation, copying, progress.
(() => {
  "use strict";
  const root = document.documentElement;

  // Theme: system → light → dark, kept per browser.
  const THEMES = ["system", "light", "dark"];
  const currentTheme = () => root.dataset.theme || "system";
  const showTheme = () => {
    for (const toggle of document.querySelectorAll("[data-theme-toggle]")) {
      toggle.hidden = false;
      toggle.querySelector("[data-theme-label]").textContent = toggle.dataset[`theme${currentTheme()}`];
    }
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length];
    if (next === "system") {
      delete root.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      root.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    showTheme();
    root.dispatchEvent(new CustomEvent("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => root.dispatchEvent(new CustomEvent("themechange")));

  // Menus are <details>; they also close on Escape and on a click elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open], details.period[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open], details.period[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Confirmation: <form data-confirm="What will happen" data-confirm-label="Revoke key">. `confirmed` tells the server
  // that the question was answered; without JavaScript it asks on a page of its own.
  const dialog = document.getElementById("confirm");
  const confirmed = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || confirmed.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.querySelector("#confirm-text").textContent = form.dataset.confirm;
    const ok = dialog.querySelector("[data-confirm-ok]");
    ok.textContent = form.dataset.confirmLabel || dialog.dataset.label;
    ok.className = form.dataset.confirmKind === "primary" ? "button button--primary" : "button button--danger-solid";
    dialog.returnValue = "cancel";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "ok") return;
      confirmed.add(form);
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "yes" }));
      form.requestSubmit(event.submitter);
    }, { once: true });
  }, true);

  // Progress: one line at the top, and no second click on a button whose form is under way.
  const progress = document.getElementById("page-progress");
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method === "dialog") return;
    progress.hidden = false;
    // After the form was read, because a disabled button does not send its name and value.
    setTimeout(() => event.submitter && event.submitter.setAttribute("aria-busy", "true"));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest('button[aria-busy="true"]')) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    progress.hidden = true;
    for (const button of document.querySelectorAll('button[aria-busy="true"]')) button.removeAttribute("aria-busy");
  });

  // Copying: <button data-copy="id-of-the-text" data-copied="Copied" hidden>.
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    const label = button.querySelector("[data-copy-label]") || button;
    label.dataset.before ??= label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => { label.textContent = label.dataset.before; }, 2000);
  });

  // A select that changes the page at once: <form data-autosubmit>; its button is for those without JavaScript.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });
  for (const button of document.querySelectorAll("form[data-autosubmit] [data-autosubmit-button]")) button.hidden = true;

  // A checkbox that is on by default: off it sends the hidden field before it instead. Without scripts the later of the
  // two counts.
  const sendOne = (off) => { off.disabled = off.parentElement.querySelector('input[type="checkbox"]').checked; };
  for (const off of document.querySelectorAll("input[data-unchecked]")) sendOne(off);
  document.addEventListener("change", (event) => {
    const off = event.target.type === "checkbox" && event.target.parentElement.querySelector("input[data-unchecked]");
    if (off) sendOne(off);
  }, true);

  // A definition beside a number shows on hover and focus; Escape hides it.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelector(".hint:hover, .hint:focus")?.setAttribute("data-dismissed", "");
  });
  for (const kind of ["mouseout", "focusout"]) {
    document.addEventListener(kind, (event) => event.target.closest?.(".hint")?.removeAttribute("data-dismissed"));
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // On a phone the tabs scroll sideways; the current one must not be out of sight.
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) tab.scrollIntoView({ block: "nearest", inline: "center" });

  showTheme();
})();
