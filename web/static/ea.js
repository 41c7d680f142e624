"use strict";
/* E-Akte in the browser: keys, focus, messages. Pages work without it; htmx fetches, this file only moves focus and
   shortens ways. No eval, no inline handlers. A key never does more than the visible control that carries it
   (`data-taste`): it clicks the button or link, or focuses the field. */
(() => {
  const $ = (s, e = document) => e.querySelector(s);
  const $$ = (s, e = document) => [...e.querySelectorAll(s)];
  const da = (e) => !!e && e.getClientRects().length > 0;
  const koerper = document.body;
  const imFeld = (e) => !!e?.matches?.("select, textarea, input:not([type=radio], [type=checkbox])");
  const einfach = (e) => e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey && !e.altKey;
  const hole = (href, ziel) => window.htmx?.ajax("GET", href, { target: ziel, swap: "innerHTML", source: ziel });
  const merkeAdresse = (e) => { const url = $("[data-url]", e)?.dataset.url; if (url) history.replaceState(null, "", url); };

  /* ---- messages: one polite region; what comes within 60 ms is said as one sentence, after the focus has moved */
  let saetze = [], sagt = 0;
  function sag(text) {
    if (!text) return;
    saetze.push(text);
    clearTimeout(sagt);
    sagt = setTimeout(() => { $("#ansage").textContent = saetze.join(" "); saetze = []; }, 60);
  }
  const formRueckgaengig = () => $("#toast [data-rueckgaengig]");
  const toastZu = () => $("#toast-rahmen").replaceChildren();

  /* a command was done: rows leave or come back, the next one gets the focus */
  function nachToast() {
    const toast = $("#toast");
    if (!toast) return;
    sag(toast.dataset.ansage);
    if (toast.dataset.weiter === undefined) return;
    if (dialog.open) dialog.close();
    const ids = (text) => (text || "").split(" ").filter(Boolean);
    const weg = ids(toast.dataset.weg), wieder = ids(toast.dataset.wieder);
    if ($("[data-fall]") || $("#fall")) return;
    const zeile = (id) => $(`[data-posten="${CSS.escape(id)}"].ea-zeile`);
    if (weg.length + wieder.length) {
      if (!liste() || [...weg, ...wieder].some((id) => !zeile(id))) return location.assign(toast.dataset.weiter);
      const alle = zeilen(), raus = weg.map(zeile), letzte = alle.indexOf(raus.at(-1));
      raus.forEach((z) => (z.hidden = true));
      wieder.forEach((id) => (zeile(id).hidden = false));
      const naechste = wieder.length ? zeile(wieder[0]) : alle.slice(letzte + 1).find((z) => !z.hidden) || zeilen().at(-1);
      return naechste ? geheZu(naechste, 0) : location.assign(toast.dataset.weiter);
    }
    if (liste() && aktuelle()) return zeigeVorschau(aktuelle(), 0, true);
    location.assign(toast.dataset.weiter);
  }
  function nachMeldung(e) {
    sag($("[data-ansage]", e)?.dataset.ansage);
    if (e.childElementCount) e.scrollIntoView({ block: "nearest" });
  }

  /* ---- list: one tab stop, arrows move, the preview follows the focus after 150 ms */
  const liste = () => $("[data-liste]");
  const zeilen = () => $$("[data-liste] .ea-zeile").filter((z) => !z.hidden);
  const aktuelle = () => $("[data-liste] [aria-current=true]")?.closest("tr");
  let folgt = 0;
  function waehle(zeile) {
    $$("[data-liste] .ea-zeile__link").forEach((a) => { a.tabIndex = -1; a.removeAttribute("aria-current"); });
    const a = $("a", zeile);
    a.tabIndex = 0;
    a.setAttribute("aria-current", "true");
    zeile.scrollIntoView({ block: "nearest" });
  }
  function zeigeVorschau(zeile, nach = 150, neu = false) {
    clearTimeout(folgt);
    const href = $("a", zeile).getAttribute("href");
    if (!neu && $("#vorschau [data-url]")?.dataset.url === href) return;
    folgt = setTimeout(() => hole(href, "#vorschau"), nach);
  }
  function geheZu(zeile, nach) {
    if (!zeile) return;
    waehle(zeile);
    $("a", zeile).focus({ preventScroll: true });
    zeigeVorschau(zeile, nach);
  }
  /* a command may only meet the letter that is shown: not the one before it */
  const vorschauPasst = () => {
    const posten = $("#vorschau [data-posten]")?.dataset.posten;
    return !posten || !aktuelle() || aktuelle().dataset.posten === posten;
  };
  /* an answer that was still on its way when the focus went on, or came back, is not the last word */
  let berichtigt = "";
  function nachVorschau(e) {
    merkeAdresse(e);
    richteBlatt(e);
    aktuelle()?.classList.remove("ea-zeile--neu");
    const soll = aktuelle()?.dataset.posten;
    if (vorschauPasst()) berichtigt = "";
    else if (berichtigt !== soll) { berichtigt = soll; zeigeVorschau(aktuelle(), 0, true); }
  }
  const nachListe = () => { const zs = zeilen(), jetzt = aktuelle() || zs[0]; zs.forEach((z) => ($("a", z).tabIndex = z === jetzt ? 0 : -1)); };

  /* ---- clearing: one letter at a time; Enter counts only once the letter has been seen */
  let gezeigtUm = -1e9;
  const fall = () => $("[data-fall]");
  const entscheidung = () => $("[data-entscheidung]");
  const einstieg = () => $("[data-vorschlaege] :checked") || $("[data-vorschlaege] input") || $("#entscheidung [role=combobox]");
  function gesehen() {
    const bild = $("[data-papier] img", fall());
    return performance.now() - gezeigtUm >= 300 && (!bild || bild.complete);
  }
  function nachFall(e) {
    merkeAdresse(e);
    richteBlatt(e);
    richteFall();
    gezeigtUm = performance.now();
    (fall() ? einstieg() : $("#leer"))?.focus({ preventScroll: true });
    sag($("[data-ansage]", e)?.dataset.ansage);
  }
  function richteFall() {
    const f = fall();
    if (!f) return;
    passeSchlagwort();
    const vorab = () => f.dataset.vorab.split(" ").filter(Boolean).forEach((url) => fetch(url, { headers: { "X-EA-Vorab": "1" }, priority: "low" }).catch(() => {}));
    const bild = $("[data-papier] img", f);
    bild && !bild.complete ? bild.addEventListener("load", vorab, { once: true }) : vorab();
  }
  /* only keywords of the chosen case's catalogue; the usual one of the document type comes first */
  function passeSchlagwort(artGewechselt) {
    const wahl = $("[data-vorschlaege] :checked"), feld = $("[data-schlagwort]");
    if (!feld || !wahl) return;
    const gruppen = $$("optgroup", feld), art = $("#art").value;
    gruppen.forEach((g) => { g.hidden = g.disabled = g.dataset.katalog !== wahl.dataset.katalog; });
    const offen = gruppen.filter((g) => !g.hidden).flatMap((g) => [...g.children]);
    if (!offen.length || (offen.includes(feld.selectedOptions[0]) && !artGewechselt)) return;
    const passend = offen.find((o) => o.dataset.arten.split(" ").includes(art));
    if (passend || !offen.includes(feld.selectedOptions[0])) (passend || offen[0]).selected = true;
  }
  document.addEventListener("submit", (e) => {
    const f = e.target.closest("[data-fall]");
    if (!f) return;
    const halt = () => { e.preventDefault(); e.stopImmediatePropagation(); };
    if (!e.target.matches("[data-entscheidung], #zurueckstellen")) return;
    if (performance.now() - gezeigtUm < 300) return halt();
    if (e.target.matches("[data-entscheidung]") && !$("[name=akte]:checked", e.target)) {
      halt();
      $("[data-fehler-akte]").hidden = false;
      einstieg()?.focus();
    }
  }, true);
  document.addEventListener("change", (e) => {
    if (e.target.matches("[name=akte]")) { $("[data-fehler-akte]")?.setAttribute("hidden", ""); passeSchlagwort(); }
    if (e.target.id === "art") passeSchlagwort(true);
    const schalter = e.target.closest("[data-tastenschalter]");
    if (schalter) { koerper.dataset.tastenAn = e.target.checked ? "ja" : "nein"; sende(schalter); }
  });

  /* ---- search for a case: ARIA combobox, at most six hits, the first one active */
  const sucht = new WeakMap();
  const kasten = (feld) => document.getElementById(feld.getAttribute("aria-controls"));
  const treffer = (feld) => $$("[role=option]", kasten(feld));
  function marke(feld, o) {
    treffer(feld).forEach((x) => x.setAttribute("aria-selected", String(x === o)));
    o ? feld.setAttribute("aria-activedescendant", o.id) : feld.removeAttribute("aria-activedescendant");
    o?.scrollIntoView({ block: "nearest" });
  }
  function klappe(feld, auf) {
    kasten(feld).hidden = !auf;
    feld.setAttribute("aria-expanded", String(auf));
    if (!auf) marke(feld, null);
  }
  async function suche(feld) {
    sucht.get(feld)?.abort();
    const wort = feld.value.trim(), halt = new AbortController();
    sucht.set(feld, halt);
    if (wort.length < 2) return klappe(feld, false);
    await new Promise((fertig) => setTimeout(fertig, 120));
    if (halt.signal.aborted) return;
    const url = new URL(feld.dataset.kombi, location.href);
    url.searchParams.set("q", wort);
    try {
      const antwort = await fetch(url, { signal: halt.signal, headers: { "HX-Request": "true", "HX-Target": "ul#akten" } });
      if (!antwort.ok) return klappe(feld, false);
      kasten(feld).innerHTML = await antwort.text(); /* escaped by the server's templates */
    } catch { return klappe(feld, false); }
    treffer(feld).forEach((o, n) => (o.id = `${kasten(feld).id}-${n + 1}`));
    klappe(feld, treffer(feld).length > 0);
    marke(feld, treffer(feld)[0]);
    sag($("[data-ansage]", kasten(feld))?.dataset.ansage);
  }
  function nimm(feld, o) {
    const ort = $("[data-treffer]", feld.closest(".ea-kombi")) || $("#vorschlaege"), id = `${feld.id}-wahl`;
    document.getElementById(id)?.closest(".ea-vorschlag").remove();
    const karte = document.createElement("div"), radio = document.createElement("input"), text = document.createElement("label");
    karte.className = "ea-vorschlag";
    Object.assign(radio, { type: "radio", name: ort.dataset.treffer || "akte", id, value: o.dataset.wert, checked: true });
    radio.dataset.katalog = o.dataset.katalog;
    text.htmlFor = id;
    text.append(...[...o.children].map((k) => k.cloneNode(true)));
    text.firstElementChild.className = "ea-vorschlag__name";
    karte.append(radio, text);
    ort.append(karte);
    feld.value = "";
    klappe(feld, false);
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    radio.focus();
  }
  document.addEventListener("input", (e) => { if (e.target.matches("[data-kombi]")) suche(e.target); });
  document.addEventListener("focusout", (e) => { if (e.target.matches("[data-kombi]")) klappe(e.target, false); });
  document.addEventListener("mousedown", (e) => {
    const o = e.target.closest(".ea-kombi [role=option]");
    if (o) { e.preventDefault(); nimm($("[data-kombi]", o.closest(".ea-kombi")), o); }
  });
  function tasteImKombi(e) {
    const feld = e.target, offen = !kasten(feld).hidden, o = treffer(feld), i = o.findIndex((x) => x.getAttribute("aria-selected") === "true");
    if (e.key === "Enter" && !e.ctrlKey) {
      if (offen && o[i]) return e.preventDefault(), nimm(feld, o[i]);
      e.preventDefault();
      if (!feld.value && feld.closest("[data-entscheidung]")) entscheidung().requestSubmit();
    } else if (e.key === "Escape") {
      if (offen) { e.preventDefault(); e.stopPropagation(); klappe(feld, false); }
      else if (feld.closest("[data-entscheidung]")) { e.preventDefault(); (einstieg() === feld ? entscheidung() : einstieg())?.focus(); }
    } else if (offen && /^Arrow(Up|Down)$/.test(e.key)) {
      e.preventDefault();
      marke(feld, o[(i + (e.key === "ArrowDown" ? 1 : o.length - 1)) % o.length]);
    }
  }

  /* ---- the page: zoom, turn, evidence. Sizes are set by attribute and CSSOM, which the CSP allows */
  const blatt = () => $$("[data-papier]").find(da);
  const zoom = (n) => { const b = blatt(); if (!b) return; b.dataset.gross = n === 0 ? 0 : Math.max(-1, Math.min(2, (+b.dataset.gross || 0) + n)); lege(b); };
  function lege(b) {
    const winkel = +b.dataset.winkel || 0, quer = winkel % 180 ? (b.offsetWidth - b.offsetHeight) / 2 : 0;
    b.style.rotate = `${winkel}deg`;
    b.style.marginBlock = quer ? `${quer}px` : "";
    b.style.marginInline = quer ? "auto" : "";
  }
  function dreh() { const b = blatt(); if (b) { b.dataset.winkel = ((+b.dataset.winkel || 0) + 90) % 360; lege(b); } }
  let wartet = 0;
  function beleg(nummer) {
    const g = $(`[data-beleg="${nummer}"]`), alle = $$("[data-ausschnitt]");
    if (!g) return false;
    $$("[data-beleg]").forEach((x) => x.classList.toggle("ist-da", x === g));
    g.scrollIntoView({ block: "center", inline: "center" });
    const n = alle.findIndex((x) => x.dataset.ausschnitt === String(nummer)) + 1;
    sag(koerper.dataset.fundstelle.replace("{n}", n).replace("{m}", alle.length));
    return true;
  }
  function naechsterBeleg() {
    const alle = $$("[data-ausschnitt]"), jetzt = $("[data-beleg].ist-da")?.dataset.beleg ?? fall()?.dataset.letzter;
    const ziel = alle[(alle.findIndex((x) => x.dataset.ausschnitt === jetzt) + 1) % alle.length];
    if (!ziel) return;
    fall().dataset.letzter = ziel.dataset.ausschnitt;
    if (beleg(ziel.dataset.ausschnitt)) return;
    wartet = ziel.dataset.ausschnitt;
    const url = new URL(fall().dataset.url, location.href);
    url.searchParams.set("seite", ziel.dataset.seite);
    hole(url.pathname + url.search, "#blatt");
  }
  function ohneBild(p) {
    const hinweis = document.createElement("p");
    hinweis.className = "ea-leise ea-papier__fehler";
    hinweis.textContent = p.dataset.fehler;
    p.replaceWith(hinweis);
    sag(p.dataset.fehler);
  }
  function richteBlatt(e) {
    $$("[role=toolbar]", e).forEach((l) => $$("a, button", l).filter(da).forEach((x, n) => (x.tabIndex = n ? -1 : 0)));
    $$("[data-papier]", e).forEach((p) => {
      const bild = $("img", p);
      if (bild.complete && !bild.naturalWidth) return ohneBild(p);
      bild.addEventListener("error", () => ohneBild(p), { once: true });
    });
  }
  function nachBlatt(e) {
    merkeAdresse(e);
    richteBlatt(e);
    if (wartet) { beleg(wartet); wartet = 0; }
    if (document.activeElement === koerper) $("#bild")?.focus({ preventScroll: true });
  }
  addEventListener("resize", () => { const b = blatt(); if (b?.dataset.winkel) lege(b); });

  /* ---- dialog: the page behind a link, shown on top; closing gives the focus back */
  const dialog = $("#dialog"), inhalt = $("#dialog-inhalt");
  /* Enter means the first button of a form: never one that is only there for pages without JavaScript */
  const ohneJs = (e) => $$("button.ea-ohne-js[name]", e).forEach((b) => b.remove());
  /* what is typed while a dialog is on its way is meant for its field: no letter of it is a command */
  let kommt = 0;
  async function oeffne(href) {
    kommt += 1;
    try { await hole(href, "#dialog-inhalt"); } finally { kommt = Math.max(0, kommt - 1); }
  }
  function nachDialog() {
    if (!inhalt.childElementCount) return;
    kommt = 0;
    ohneJs(inhalt);
    if (!dialog.open) dialog.showModal();
    const ziel = $("[aria-invalid=true]", inhalt) || $("input:not([type=hidden]), select, textarea", inhalt) || $("button", inhalt);
    ziel?.focus();
    if (ziel?.matches("input[type=text]")) ziel.select(); /* a proposed date is full: typing replaces it */
  }
  dialog.addEventListener("close", () => inhalt.replaceChildren());
  document.addEventListener("click", (e) => {
    if (!einfach(e)) return;
    const a = e.target.closest("a[href], button");
    if (!a) return;
    const tut = { "toast-zu": toastZu, kleiner: () => zoom(-1), groesser: () => zoom(1), drehen: dreh, beleg: naechsterBeleg, "dialog-zu": () => dialog.open && dialog.close() }[a.dataset.tut];
    if (tut && !(a.dataset.tut === "dialog-zu" && !dialog.contains(a))) { e.preventDefault(); return tut(); }
    if (!window.htmx) return;
    if (a.matches("[data-dialog]")) { e.preventDefault(); oeffne(a.getAttribute("href")); }
    if (a.matches("[data-blatt]")) { e.preventDefault(); hole(a.getAttribute("href"), "#blatt"); }
    if (a.matches("[data-liste] .ea-zeile__link")) { e.preventDefault(); waehle(a.closest("tr")); zeigeVorschau(a.closest("tr"), 0); }
  });
  document.addEventListener("focusin", (e) => { if (e.target.matches("[data-liste] .ea-zeile__link")) { waehle(e.target.closest("tr")); zeigeVorschau(e.target.closest("tr")); } });

  /* ---- settings that act at once */
  const sende = (form, knopf) => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, knopf)), redirect: "manual", keepalive: true }).catch(() => {});
  document.addEventListener("submit", (e) => {
    if (!e.target.matches("[data-darstellung]")) return;
    e.preventDefault();
    const wurzel = document.documentElement, knopf = $("button", e.target);
    const dunkel = wurzel.dataset.kernTheme ? wurzel.dataset.kernTheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    wurzel.dataset.kernTheme = knopf.value = dunkel ? "light" : "dark";
    sende(e.target, knopf);
  });

  /* ---- network: a command without answer is repeated with the same key, so it is done once or not at all */
  const haengt = new Map(); /* form -> timer of the notice */
  const schreibt = (e) => e.detail?.ctx?.request?.method === "POST" && e.detail.ctx.sourceElement.matches("form") && e.detail.ctx.sourceElement;
  const sperre = (form, an) => $$("[type=submit]", form).forEach((b) => (an ? b.setAttribute("aria-disabled", "true") : b.removeAttribute("aria-disabled")));
  const zeigeAusfall = (text) => { const p = document.createElement("p"); p.className = "ea-hinweis"; p.setAttribute("role", "alert"); p.dataset.ausfall = ""; p.textContent = text; $("#meldung").replaceChildren(p); };
  const erledigt = (form) => { clearTimeout(haengt.get(form)); haengt.delete(form); sperre(form, false); };
  const nochmal = (form) => {
    if (form.isConnected) return form.requestSubmit();
    erledigt(form);
    zeigeAusfall(koerper.dataset.nichtGesendet);
  };
  document.addEventListener("htmx:before:request", (e) => {
    const form = schreibt(e);
    if (!form || haengt.has(form)) return;
    haengt.set(form, setTimeout(() => { zeigeAusfall(koerper.dataset.ohneVerbindung); sperre(form, true); }, 5000));
  });
  document.addEventListener("htmx:error", (e) => {
    const ctx = e.detail?.ctx;
    if (!ctx || ctx.response) return;
    const form = schreibt(e);
    if (form) setTimeout(() => nochmal(form), 2000);
    else if (ctx.sourceElement.id !== "neu") zeigeAusfall(koerper.dataset.keineVerbindung);
  });
  let angehalten = null; /* the command that met an ended session */
  document.addEventListener("htmx:after:request", (e) => {
    const ctx = e.detail.ctx, form = schreibt(e);
    if (form && ctx.response.status === 401 && !form.matches("[data-anmelden]")) angehalten = form;
    if (haengt.has(form)) erledigt(form);
    if ($("#meldung [data-ausfall]") && !haengt.size) { /* an answer to something else tells nothing about the command */ $("#meldung").replaceChildren(); sag(koerper.dataset.wiederVerbunden); }
  });
  document.addEventListener("ea:angemeldet", (e) => {
    const marke = e.detail.csrf, form = angehalten;
    angehalten = null;
    $$("input[name=csrf]").forEach((x) => (x.value = marke));
    koerper.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRF-Token": marke }));
    const imDialog = form && dialog.contains(form);
    imDialog ? $("#dialog-meldung").replaceChildren() : dialog.close();
    if (form?.isConnected) form.requestSubmit();
  });

  /* ---- what htmx has put in place */
  const nach = { "toast-rahmen": nachToast, meldung: nachMeldung, vorschau: nachVorschau, "liste-bereich": nachListe, blatt: nachBlatt, fall: nachFall, "dialog-inhalt": nachDialog, "dialog-meldung": nachMeldung };
  let zuletztNeu = "";
  nach.neu = (e) => { const text = $("[data-ansage]", e)?.dataset.ansage || ""; if (text !== zuletztNeu) sag(text); zuletztNeu = text; };
  document.addEventListener("htmx:after:settle", (e) => queueMicrotask(() => nach[e.target.id]?.(e.target)));

  /* ---- keys */
  function bereichWeiter() {
    const b = $$(".ea-suche, .ea-flaeche").filter((x) => da(x) && !x.parentElement.closest(".ea-flaeche"));
    const z = b[(b.findIndex((x) => x.contains(document.activeElement)) + 1) % b.length];
    const ziel = z?.matches("[data-entscheidung]") ? einstieg() : z?.contains(liste()) && aktuelle() ? $("a", aktuelle()) : $$("a, button, input:not([type=hidden]), select, [tabindex='0']", z).find((x) => da(x) && x.tabIndex >= 0);
    ziel?.focus();
  }
  const nimmZurueck = () => { const f = formRueckgaengig(); f ? f.requestSubmit() : sag(koerper.dataset.nichtsZurueck); };
  function mitSteuerung(e) {
    const k = e.key.toLowerCase(), feld = imFeld(e.target);
    if (k === "k" && $("#suche")) return () => { $("#suche").focus(); $("#suche").select(); };
    if (k === "z" && (!feld || !e.target.value) && !dialog.open) return nimmZurueck;
    if (k === "f6") return bereichWeiter;
    if (k === "enter" && dialog.open) return () => $("form[hx-post]", inhalt)?.requestSubmit();
    if (k === "enter" && entscheidung()) return () => entscheidung().requestSubmit();
    return null;
  }
  function inDerListe(e) {
    const zs = zeilen(), i = zs.indexOf(aktuelle());
    const ziel = { ArrowDown: zs[i + 1], ArrowUp: zs[i - 1], Home: zs[0], End: zs.at(-1) };
    if (e.key in ziel) return () => geheZu(ziel[e.key]);
    if (e.key === "Enter" && e.target.matches(".ea-zeile__link")) return () => { zeigeVorschau(aktuelle(), 0); $("#vorschau").focus(); };
    return null;
  }
  function inDenTreffern(e) {
    const a = $$(".ea-treffer__link"), i = a.indexOf(e.target);
    const ziel = { ArrowDown: a[i + 1], ArrowUp: a[i - 1], Home: a[0], End: a.at(-1) };
    return e.key in ziel && a.length ? () => ziel[e.key]?.focus() : null;
  }
  function buchstabe(e, bereich) {
    const k = e.key.length === 1 && !(e.shiftKey && /\p{L}/u.test(e.key)) ? e.key.toLowerCase() : "";
    if (!k) return null;
    if (liste() && (k === "j" || k === "k")) { const zs = zeilen(); return () => geheZu(zs[zs.indexOf(aktuelle()) + (k === "j" ? 1 : -1)]); }
    if (k === "0" && blatt()) return () => zoom(0);
    const karte = /[1-9]/.test(k) && $$("[data-vorschlaege] [name=akte]")[k - 1];
    if (karte) return () => { karte.checked = true; karte.focus(); karte.dispatchEvent(new Event("change", { bubbles: true })); };
    const mitTaste = (ort) => $$("[data-taste]", ort).find((x) => x.dataset.taste === k && da(x));
    const ziel = mitTaste(bereich) || mitTaste(document);
    if (!ziel) return null;
    if (imFeld(ziel)) return () => ziel.focus();
    if (ziel.closest("#vorschau") && !vorschauPasst()) return () => {};
    return e.repeat ? () => {} : () => ziel.click();
  }
  document.addEventListener("keydown", (e) => {
    /* one press, one letter, seen first */
    if (e.key === "Enter" && e.target.closest?.("[data-fall]") && (e.repeat || !gesehen())) { e.preventDefault(); e.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.isComposing) return;
    const halt = (fn) => { if (fn) { e.preventDefault(); fn(); } return !!fn; };
    if (e.ctrlKey && !e.altKey && !e.metaKey && !e.shiftKey) return halt(mitSteuerung(e));
    if (e.target.matches?.("[data-kombi]")) return tasteImKombi(e);
    if (e.ctrlKey || e.altKey || e.metaKey || imFeld(e.target) || dialog.open) return;
    const leiste = e.target.closest?.("[role=toolbar]");
    if (leiste && /^Arrow(Left|Right)$/.test(e.key)) {
      const b = $$("a, button", leiste).filter(da), n = b[(b.indexOf(e.target) + (e.key === "ArrowRight" ? 1 : b.length - 1)) % b.length];
      b.forEach((x) => (x.tabIndex = x === n ? 0 : -1));
      return halt(() => n.focus());
    }
    /* where nothing has the focus, as after signing in, the arrows lead into the list (no letters: WCAG 2.1.4) */
    const steht = document.documentElement.scrollHeight <= innerHeight; /* a page that scrolls keeps them */
    if (e.target === koerper && steht && aktuelle() && /^Arrow(Up|Down)$/.test(e.key)) return void halt(() => geheZu(aktuelle()));
    const bereich = e.target.closest?.("[data-tasten]");
    if (!bereich) return;
    if (liste()?.contains(e.target) && halt(inDerListe(e))) return;
    if (bereich.id === "treffer" && halt(inDenTreffern(e))) return;
    if (e.key === "Escape" && bereich.id === "vorschau" && aktuelle()) return halt(() => $("a", aktuelle()).focus());
    if (e.key === "Escape" && fall()) return halt(() => einstieg()?.focus());
    if (koerper.dataset.tastenAn === "ja") halt(kommt && e.key.length === 1 ? () => {} : buchstabe(e, bereich));
  });

  /* ---- start */
  ohneJs(document);
  richteBlatt(document);
  richteFall();
  nachToast();
  nachListe();
  aktuelle()?.scrollIntoView({ block: "nearest" });
  if (fall() && !location.hash && document.activeElement === koerper) einstieg()?.focus({ preventScroll: true });
})();
