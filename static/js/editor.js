// What was typed is not lost by a wrong click: <form data-unsaved="clean|changed"> asks before its page is left.
(() => {
  "use strict";
  const form = document.querySelector("form[data-unsaved]");
  if (!form) return;
  let isUnsaved = form.dataset.unsaved === "changed";
  form.addEventListener("input", () => { isUnsaved = true; });
  form.addEventListener("submit", () => { isUnsaved = false; });
  addEventListener("pageshow", (event) => { if (event.persisted) isUnsaved = true; });
  addEventListener("beforeunload", (event) => { if (isUnsaved) event.preventDefault(); });
})();
