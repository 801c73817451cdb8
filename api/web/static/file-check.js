// The file check of /v: the fingerprint first, here in the browser; the file itself is sent only
// when nobody knows its fingerprint, and only after asking. Without this script the same form sends
// the file at once, as its own sentence says.
"use strict";

(function () {
  var PIECE = 1 << 20;
  var PATIENCE = 60000; // a phone that has lost its network often says nothing at all
  var turn = 0; // each chosen file begins a turn; what still comes of an earlier one is dropped
  var chosen = null;
  var request = null;
  var again = null; // what "try again" does

  function one(selector) { return document.querySelector(selector); }
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }

  // --- what is seen ------------------------------------------------------------------------------

  function ready() {
    all("[data-plain]").forEach(function (item) { item.hidden = true; });
    all("[data-scripted]").forEach(function (item) { item.hidden = false; });
    all("[data-act=print]").forEach(function (item) { item.hidden = false; });
    var input = one("#file");
    if (!input) return;
    input.required = false;
    one("#file-check").classList.add("scripted");
    input.addEventListener("change", function () { take(input.files); });
  }

  function panel(name) {
    all("[data-panel]").forEach(function (item) { item.hidden = item.dataset.panel !== name; });
    var form = one("#file-check");
    form.hidden = name !== "";
    all("[data-panel] [data-name]").forEach(function (item) {
      item.textContent = chosen ? chosen.name : "";
      item.hidden = !chosen;
    });
  }

  function step(name, part) {
    panel("work");
    all("[data-step]").forEach(function (item) { item.hidden = item.dataset.step !== name; });
    var bar = one("[data-panel=work] progress");
    if (part === undefined) bar.removeAttribute("value");
    else bar.value = part;
  }

  function trouble(text, retry) {
    again = retry || null;
    panel("trouble");
    one("[data-said]").textContent = text;
    var button = one("[data-act=retry]");
    button.hidden = !again;
    (again ? button : one("[data-panel=trouble] [data-act=other]")).focus();
  }

  function saying(name) {
    return one("#sayings").content.querySelector("[data-say=" + name + "]").textContent;
  }

  function lang() { return one("#file-check").dataset.lang; }

  // --- one file ----------------------------------------------------------------------------------

  function begin() {
    turn += 1;
    if (request) request.abort();
    request = null;
    return turn;
  }

  function take(files) {
    begin();
    if (files.length === 1) return look(files[0]);
    chosen = null;
    if (files.length > 1) trouble(saying("several"));
  }

  function look(file) {
    var mine = begin();
    chosen = file;
    if (file.size > Number(one("#file-check").dataset.limit)) return trouble(saying("large"));
    if (file.size === 0) return trouble(saying("empty"));
    step("hashing", 0);
    digest(file, mine).then(function (found) {
      if (mine !== turn) return;
      if (found.not) trouble(saying(found.not));
      else ask(found.sha256, mine);
    }, function () {
      if (mine === turn) trouble(saying("gone"));
    });
  }

  function digest(file, mine) {
    var subtle = window.crypto && window.crypto.subtle;
    var whole = subtle ? new Uint8Array(file.size) : null;
    var hash = subtle ? null : Sha256.start();
    function next(at) {
      return read(file.slice(at, at + PIECE)).then(function (bytes) {
        if (mine !== turn) throw new Error("another file");
        var not = at === 0 ? otherKind(bytes) : "";
        if (not) return { not: not };
        if (whole) whole.set(bytes, at);
        else hash.add(bytes);
        at += bytes.length;
        step("hashing", at / file.size);
        return at < file.size ? next(at) : finish();
      });
    }
    function finish() {
      if (!whole) return { sha256: hash.hex() };
      return subtle.digest("SHA-256", whole).then(function (made) {
        return { sha256: Sha256.hex(new DataView(made), false) };
      });
    }
    return next(0);
  }

  function read(blob) {
    return new Promise(function (resolve, reject) {
      var reader = new FileReader();
      reader.onload = function () {
        var bytes = new Uint8Array(reader.result);
        if (bytes.length === blob.size && bytes.length > 0) resolve(bytes);
        else reject(new Error("short"));
      };
      reader.onerror = function () { reject(reader.error); };
      reader.readAsArrayBuffer(blob);
    });
  }

  // What a file is instead of a PDF, by its first octets; "" for what may be one, or a receipt in JSON.
  function otherKind(bytes) {
    var head = "";
    for (var i = 0; i < Math.min(bytes.length, 1024); i += 1) head += String.fromCharCode(bytes[i]);
    if (head.indexOf("%PDF-") >= 0 || /^\s*\{\s*"/.test(head)) return "";
    var kind = head.slice(4, 12);
    if (/^(\xff\xd8\xff|\x89PNG|GIF8|BM|II\*\0|MM\0\*)/.test(head) || /^ftyp(hei|mif|avi|msf)/.test(kind) ||
        (head.slice(0, 4) === "RIFF" && head.slice(8, 12) === "WEBP")) return "picture";
    return /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i.test(head) ? "web" : "other";
  }

  // --- what the record and the examination say ---------------------------------------------------

  function ask(sha256, mine) {
    step("asking");
    var address = "/v/" + sha256 + "?lang=" + lang();
    send("GET", address, null, mine, function (page) {
      if (page.querySelector("[data-result=file-unknown]")) {
        panel("unknown");
        one("[data-panel=unknown] h2").focus();
      } else show(page, address);
    }, function () { ask(sha256, begin()); });
  }

  function examine() {
    var mine = begin();
    var form = new FormData();
    // Its name stays here: names of files often hold names of people.
    form.append("file", chosen, "file.pdf");
    step("sending", 0);
    send("POST", "/v?lang=" + lang(), form, mine, function (page) {
      show(page, "");
    }, examine);
  }

  function send(method, address, body, mine, done, retry) {
    var asked = request = new XMLHttpRequest();
    var watch = null;
    function alive() {
      clearTimeout(watch);
      watch = setTimeout(function () { asked.abort(); broken(); }, PATIENCE);
    }
    function broken() {
      clearTimeout(watch);
      if (mine === turn) trouble(saying("network"), retry);
    }
    asked.open(method, address);
    asked.setRequestHeader("Accept", "text/html");
    asked.upload.onprogress = function (event) {
      alive();
      if (mine !== turn || !event.lengthComputable) return;
      if (event.loaded < event.total) step("sending", event.loaded / event.total);
    };
    asked.upload.onload = function () {
      alive();
      if (mine === turn) step(method === "POST" ? "reading" : "asking");
    };
    asked.onload = function () {
      clearTimeout(watch);
      if (mine !== turn) return;
      var page = new DOMParser().parseFromString(asked.responseText, "text/html");
      var refusal = page.querySelector("[data-refusal]");
      // 503: nobody could say; the file stays at hand for another try.
      if (refusal || asked.status === 503) trouble(page.querySelector("h1").textContent, retry);
      else if (page.querySelector("[data-result]")) done(page);
      else trouble(saying("trouble"), retry);
    };
    asked.onerror = broken;
    asked.send(body);
    alive();
  }

  // --- the result in place of the question -------------------------------------------------------

  function show(page, address) {
    var name = chosen ? chosen.name : "";
    chosen = null;
    document.title = page.title;
    ["main", ".again"].forEach(function (selector) {
      var old = one(selector);
      var made = page.querySelector(selector);
      if (old && made) old.replaceWith(document.adoptNode(made));
      else if (made) one("main").after(document.adoptNode(made));
    });
    one(".language").setAttribute("href", page.querySelector(".language").getAttribute("href"));
    var place = one("main [data-name]");
    if (place && name) {
      place.textContent = name;
      place.parentNode.parentNode.hidden = false;
    }
    // What was sent has no address of its own: reloading begins anew.
    history.pushState(null, "", address || "/v?lang=" + lang() + "#result");
    ready();
    one("main h1").focus();
    window.scrollTo(0, 0);
  }

  window.addEventListener("popstate", function () { location.reload(); });

  // --- hands -------------------------------------------------------------------------------------

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-act]");
    if (!button) return;
    var act = button.dataset.act;
    if (act === "print") window.print();
    else if (act === "send") examine();
    else if (act === "retry" && again) again();
    else if (act === "other") {
      begin();
      chosen = null;
      one("#file").value = "";
      panel("");
      one("#file").focus();
    }
  });

  document.addEventListener("dragover", function (event) {
    if (!one("#file-check")) return;
    event.preventDefault();
    one("#file-check").classList.add("over");
  });
  ["dragleave", "drop", "dragend"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (name === "dragleave" && event.relatedTarget) return;
      if (one("#file-check")) one("#file-check").classList.remove("over");
    });
  });
  document.addEventListener("drop", function (event) {
    if (!one("#file-check")) return;
    event.preventDefault();
    var items = Array.prototype.slice.call(event.dataTransfer.items || []);
    var folder = items.some(function (item) {
      var entry = item.webkitGetAsEntry && item.webkitGetAsEntry();
      return entry && entry.isDirectory;
    });
    var files = event.dataTransfer.files;
    if (!folder && files.length === 1) return take(files);
    begin();
    chosen = null;
    trouble(saying(folder ? "folder" : files.length ? "several" : "none"));
  });

  window.addEventListener("pageshow", function () {
    // Back from somewhere: the browser may have kept the choice, and nothing would happen with it.
    if (one("#file") && one("#file").value) one("#file").value = "";
  });
  ready();
})();
