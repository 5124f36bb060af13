/* Part of jwt_auth_api. See LICENSE file for full copyright and licensing details. */
// The page can be read without this script. It logs in, loads what is open to the user, and sends requests.
// The access token is in this variable alone, and the session ends with the page.
"use strict";

(() => {
    let token = "";
    const logIn = document.getElementById("log-in");
    const logOut = document.getElementById("log-out");
    const message = document.getElementById("message");
    /** The pictures that are shown: those that cannot have a script. */
    const PICTURES = ["png", "jpeg", "gif", "webp", "avif", "bmp"].map((type) => `image/${type}`);
    const json = {"Content-Type": "application/json", "X-Client-Type": "app"};

    const send = (path, options = {}) => {
        const headers = {...options.headers};
        if (token) headers.Authorization = `Bearer ${token}`;
        return fetch(path, {...options, headers, credentials: "omit"});
    };

    function show() {
        logIn.hidden = Boolean(token);
        logOut.hidden = !token;
        for (const form of document.querySelectorAll("form.try")) form.hidden = !token;
    }

    /** Load the page of an address with the token, and show its content. */
    async function load(address, keep = true) {
        const response = await send(address);
        message.textContent = "";
        if (!response.ok) {
            if (response.status === 401) token = "";
            else document.getElementById("closed")?.remove();
            message.textContent = (await response.json()).message;
            show();
            return;
        }
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        document.getElementById("content").replaceWith(page.getElementById("content"));
        document.title = page.title;
        if (keep && address !== location.href) history.pushState(null, "", address);
        choose(localStorage.getItem("jwt_auth_api.language"));
        show();
        if (!open(location.hash)) window.scrollTo(0, 0);
    }

    /** Show what an address is about, an operation with all that it has; return whether there is such. */
    function open(hash) {
        const target = hash && document.getElementById(hash.slice(1));
        if (!target) return false;
        if (target.localName === "details") target.open = true;
        target.scrollIntoView();
        return true;
    }

    async function enter(form) {
        const said = form.querySelector("output");
        const code = form.elements.code;
        said.textContent = "";
        const [path, body] = form.dataset.mfaToken
            ? ["/api/login/mfa", {mfa_token: form.dataset.mfaToken, code: code.value}]
            : ["/api/login", {login: form.elements.login.value, password: form.elements.password.value}];
        const response = await send(path, {method: "POST", headers: json, body: JSON.stringify(body)});
        const answer = await response.json();
        if (answer.error === "mfa_required") {
            form.dataset.mfaToken = answer.mfa_token;
            code.hidden = false;
            code.focus();
        }
        if (!response.ok) {
            if (answer.error === "invalid_mfa_token") delete form.dataset.mfaToken;
            said.textContent = answer.message;
            return;
        }
        token = answer.token;
        delete form.dataset.mfaToken;
        code.hidden = true;
        logOut.querySelector("output").textContent = form.elements.login.value;
        form.reset();
        await load(location.href, false);
        document.getElementById("models")?.scrollIntoView();
    }

    async function leave() {
        await send("/api/revoke/token", {method: "POST", headers: json, body: "{}", keepalive: true});
        token = "";
    }

    async function attempt(form) {
        const said = form.querySelector("output");
        const path = form.elements.path.value;
        // a path of this server: the token goes nowhere else
        const address = new URL(path, location.origin);
        if (address.origin !== location.origin || !address.pathname.startsWith("/api/")) {
            said.textContent = "/api/…";
            return;
        }
        const options = {method: form.dataset.method};
        const body = form.elements.body?.value;
        const file = form.elements.file?.files[0];
        if (body) Object.assign(options, {body, headers: {"Content-Type": "application/json"}});
        if (file) Object.assign(options, {body: file, headers: {"Content-Type": "application/octet-stream"}});
        const started = performance.now();
        const response = await send(address, options);
        const content = await response.blob();
        const duration = Math.round(performance.now() - started);
        said.textContent = `${response.status} ${response.statusText}, ${duration} ms\n\n`;
        if (response.ok && !/json|^text\//.test(content.type)) showFile(said, content, nameOf(response));
        else showText(said, await content.text());
    }

    /** Show a response as text, JSON with indentation, and a link of this server as a link. */
    function showText(said, text) {
        let value = null;
        try {
            value = JSON.parse(text);
        } catch {
            // not JSON: shown as it is
        }
        said.append(value === null ? text : JSON.stringify(value, null, 2));
        const url = value?.data?.url;
        if (typeof url === "string" && url.startsWith("/api/")) {
            const link = {href: url, textContent: url, target: "_blank", rel: "noopener"};
            said.append("\n\n", Object.assign(document.createElement("a"), link));
        }
    }

    /** Show a picture, and a link that stores the file: it is never opened here, whatever is in it. */
    function showFile(said, content, name) {
        const link = {href: addressToStore(content), download: name, textContent: `${name} (${content.size} B)`};
        said.append(Object.assign(document.createElement("a"), link));
        if (PICTURES.includes(content.type)) {
            const picture = {src: URL.createObjectURL(content), alt: name};
            said.append("\n", Object.assign(document.createElement("img"), picture));
        }
    }

    /** Return an address to store a file. Its type is not the file's own: a new tab would execute its scripts here. */
    function addressToStore(content) {
        return URL.createObjectURL(new Blob([content], {type: "application/octet-stream"}));
    }

    /** Return the name of the file that a response is. */
    function nameOf(response) {
        const said = response.headers.get("Content-Disposition") || "";
        const encoded = /filename\*=UTF-8''([^;]+)/i.exec(said)?.[1];
        if (encoded) return decodeURIComponent(encoded);
        const last = new URL(response.url).pathname.split("/").pop();
        return /filename="?([^";]+)/i.exec(said)?.[1] || last;
    }

    /** Show one language in all tabs. */
    function choose(language) {
        if (!language) return;
        for (const input of document.querySelectorAll("input[data-language]")) {
            if (input.dataset.language === language) input.checked = true;
        }
    }

    async function download(link) {
        const response = await send(link.href);
        const address = addressToStore(await response.blob());
        const made = Object.assign(document.createElement("a"), {
            href: address, download: link.dataset.download,
        });
        made.click();
        URL.revokeObjectURL(address);
    }

    document.addEventListener("submit", (event) => {
        const form = event.target;
        event.preventDefault();
        const failed = (error) => { form.querySelector("output").textContent = String(error); };
        if (form === logIn) enter(form).catch(failed);
        else if (form === logOut) leave().then(() => load("/api/docs")).catch(failed);
        else attempt(form).catch(failed);
    });
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a");
        if (!link || !token || event.ctrlKey || event.metaKey || event.shiftKey) return;
        if (link.dataset.download) {
            event.preventDefault();
            download(link);
        } else if (link.origin === location.origin && link.pathname.startsWith("/api/docs")) {
            event.preventDefault();
            load(link.href);
        }
    });
    document.addEventListener("change", (event) => {
        const language = event.target.dataset?.language;
        if (!language) return;
        localStorage.setItem("jwt_auth_api.language", language);
        choose(language);
    });
    window.addEventListener("popstate", () => load(location.href, false));
    window.addEventListener("pagehide", () => { if (token) leave(); });
    choose(localStorage.getItem("jwt_auth_api.language"));
    show();
    if (document.getElementById("closed")) logIn.elements.login.focus();
    else open(location.hash);
})();
